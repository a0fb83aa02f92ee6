"""Parameters that flows share: plain values, checked before a run begins, and shown with these words by Prefect."""

from typing import Annotated, Literal

from pydantic import Field

EngineName = Literal["onnx", "openvino", "division"]
Device = Literal["cpu", "cuda"]
Colour = Literal["gray", "keep"]
Ocr = Literal["auto", "tesserocr", "tesseract", "rapidocr"]

Place = Annotated[str, Field(min_length=1, description="Folder, or address such as s3://bucket/folder.")]
LocalPath = Annotated[str, Field(pattern=r"^([^:]|:[^/]|:/[^/])+$", description="Path on this machine.")]
NameOrFile = Annotated[str, Field(min_length=1, description="Name of one that ships, or path of a TOML file.")]
DaskAddress = Annotated[str, Field(pattern=r"^[a-z]+://\S+$", description="Scheduler, such as tcp://host:8786.")]
ModelSpec = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*(@[\w.-]+)?$", description="NAME or NAME@VERSION.")]
Shard = Annotated[str, Field(pattern=r"^[1-9]\d*/[1-9]\d*$", description="Which part of the inbox, as 2/4.")]
Share = Annotated[float, Field(ge=0, le=1)]
Workers = Annotated[int, Field(ge=0, le=1024, description="Chunks in work at once; 0 for one a core.")]
ChunkSize = Annotated[int, Field(ge=0, le=10_000, description="Scans a task; 0 for what keeps Prefect's cost low.")]
Cards = Annotated[int, Field(ge=1, le=100_000)]
Seed = Annotated[int, Field(ge=0, le=999)]
