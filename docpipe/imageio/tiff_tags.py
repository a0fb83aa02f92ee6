"""The TIFF tags that docpipe looks at, by the numbers of TIFF Revision 6.0 (Adobe, 1992)."""

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, CHANNELS, STRIP_SIZES, PLANES, PREDICTOR, PALETTE = 273, 277, 279, 284, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES = 322, 323, 324, 325
SMALLER_VERSIONS, EXTRA, SAMPLE_FORMAT = 330, 338, 339
ORIENTATION, HORIZONTAL, VERTICAL, UNIT = 274, 282, 283, 296
XMP, PROFILE = 700, 34675

UNCOMPRESSED, LZW, OLD_JPEG, DEFLATE = 1, 5, 6, 8
WHITE_IS_ZERO, GRAY, RGB, PALETTED, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
COLOUR = {RGB, CMYK, YCBCR, LAB}
OPACITY = {1, 2}  # values of EXTRA: colours multiplied with it, or not

# What decoding depends on: shape, depth, compression, fill order, tables of fax, JPEG, palettes and YCbCr.
# SAMPLE_FORMAT is left out: what is not unsigned is refused, and "undefined" would puzzle decoders.
FOR_DECODERS = {
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, 266, STRIPS, CHANNELS, 278, STRIP_SIZES, PLANES, 292, 293,
    PREDICTOR, PALETTE, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES, 332, 334, EXTRA, 347, 529, 530, 531, 532,
}  # fmt: skip

NOT_INTEGERS = {347, 529, 532}  # of those: JPEG tables and two of YCbCr
LISTS = {BITS, STRIPS, STRIP_SIZES, PALETTE, TILES, TILE_SIZES, EXTRA, 530}  # all others are one number

# What would be false beside new pixels: the above; gray response, halftone, ranges, transfer functions, fax
# statistics, old JPEG; and what still shows the old page: smaller versions, Photoshop's thumbnail and layers.
OLD_PIXELS = FOR_DECODERS | {
    SUBFILE, 255, 263, 264, 265, 280, 281, 290, 291, 301, 318, 319, 321, 326, 327, 328, SMALLER_VERSIONS, 333,
    336, SAMPLE_FORMAT, 340, 341, 342, *range(512, 522), 34377, 37724,
}  # fmt: skip
