# What a person types. `make setup` once; the others bring along what they need.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# With this variable in the environment every start of a large package is slow.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup system demo test quick lint bench
.DEFAULT_GOAL := setup

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# What the tests need and pip cannot bring: Tesseract with English, the fonts of the cards, and docpipe's peers.
DEBIAN := tesseract-ocr tesseract-ocr-eng fontconfig fonts-ocr-b fonts-dejavu-core fonts-liberation fonts-freefont-ttf \
  fonts-lato fonts-open-sans fonts-roboto-unhinted fonts-cantarell fonts-inter fonts-play fonts-crosextra-caladea \
  fonts-linuxlibertine unpaper imagemagick

system:
	@missing=""; \
	for package in $(DEBIAN); do dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  sudo=""; [ "$$(id -u)" = 0 ] || sudo="sudo"; \
	  echo "installing$$missing"; \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

demo: setup  ## clean the example scans
	$(BIN)/docpipe clean examples/scans

test: setup system  ## all tests
	$(BIN)/pytest --numprocesses 2

quick: setup system  ## all tests but the slow ones
	$(BIN)/pytest -m "not slow"

lint: setup  ## style, types, borders between the parts
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup  ## start-up times; the README names the command of every other figure
	$(BIN)/python -m eval.start_up
