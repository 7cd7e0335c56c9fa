"""Media types of file names, and extensions that SES rejects.

The table is part of sesmail, because that of ``mimetypes`` depends on the version of Python and on
files of the machine. Source: https://www.iana.org/assignments/media-types/, and for types that are
not registered the table of Python's ``mimetypes``.
"""

from __future__ import annotations

from functools import cache

__all__ = ["check_extension", "guess_media_type"]

DEFAULT = "application/octet-stream"

# Each line has a media type and its extensions.
_TYPES = """
application/atom+xml atom
application/dicom dcm
application/epub+zip epub
application/geo+json geojson
application/gpx+xml gpx
application/gzip gz tgz taz tz svgz
application/java-archive jar
application/json json
application/ld+json jsonld
application/manifest+json webmanifest
application/mbox mbox
application/msword doc dot wiz
application/n-quads nq
application/n-triples nt
application/oda oda
application/ogg ogx
application/pdf pdf
application/pkcs7-mime p7c p7m
application/pkcs7-signature p7s
application/pkcs10 p10
application/postscript ps ai eps
application/rss+xml rss
application/rtf rtf
application/sql sql
application/toml toml
application/trig trig
application/vnd.android.package-archive apk
application/vnd.apache.parquet parquet
application/vnd.apple.mpegurl m3u m3u8
application/vnd.apple.numbers numbers
application/vnd.apple.pages pages
application/vnd.apple.pkpass pkpass
application/vnd.google-earth.kml+xml kml
application/vnd.google-earth.kmz kmz
application/vnd.ms-excel xls xlb xlt xla xlm
application/vnd.ms-excel.addin.macroenabled.12 xlam
application/vnd.ms-excel.sheet.binary.macroenabled.12 xlsb
application/vnd.ms-excel.sheet.macroenabled.12 xlsm
application/vnd.ms-excel.template.macroenabled.12 xltm
application/vnd.ms-fontobject eot
application/vnd.ms-outlook msg
application/vnd.ms-powerpoint ppt pot ppa pps pwz
application/vnd.ms-powerpoint.presentation.macroenabled.12 pptm
application/vnd.ms-powerpoint.slideshow.macroenabled.12 ppsm
application/vnd.ms-powerpoint.template.macroenabled.12 potm
application/vnd.ms-project mpp mpt
application/vnd.ms-word.document.macroenabled.12 docm
application/vnd.ms-word.template.macroenabled.12 dotm
application/vnd.ms-xpsdocument xps
application/vnd.oasis.opendocument.chart odc
application/vnd.oasis.opendocument.database odb
application/vnd.oasis.opendocument.formula odf
application/vnd.oasis.opendocument.graphics odg
application/vnd.oasis.opendocument.graphics-template otg
application/vnd.oasis.opendocument.presentation odp
application/vnd.oasis.opendocument.presentation-template otp
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.spreadsheet-template ots
application/vnd.oasis.opendocument.text odt
application/vnd.oasis.opendocument.text-template ott
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.presentationml.slideshow ppsx
application/vnd.openxmlformats-officedocument.presentationml.template potx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.spreadsheetml.template xltx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.openxmlformats-officedocument.wordprocessingml.template dotx
application/vnd.rar rar
application/vnd.sqlite3 sqlite sqlite3
application/vnd.visio vsd vsdx
application/wasm wasm
application/x-7z-compressed 7z
application/x-bcpio bcpio
application/x-bzip2 bz2 tbz2
application/x-cpio cpio
application/x-dvi dvi
application/x-gtar gtar
application/x-hdf hdf
application/x-hdf5 h5
application/x-latex latex
application/x-mif mif
application/x-mobipocket-ebook mobi
application/x-ndjson ndjson
application/x-netcdf cdf nc
application/x-pkcs12 p12 pfx
application/x-pn-realaudio ram
application/x-python-code pyc pyo
application/x-sh sh
application/x-shar shar
application/x-shockwave-flash swf
application/x-sv4cpio sv4cpio
application/x-sv4crc sv4crc
application/x-tar tar
application/x-tcl tcl
application/x-tex tex
application/x-texinfo texi texinfo
application/x-troff roff t tr
application/x-troff-man man
application/x-troff-me me
application/x-troff-ms ms
application/x-ustar ustar
application/x-wais-source src
application/x-xz xz txz
application/xhtml+xml xhtml xht
application/xml xsl rdf wsdl xpdl xsd
application/yaml yaml yml
application/zip zip
application/zstd zst
audio/aac aac adts loas ass
audio/amr amr
audio/basic au snd
audio/flac flac
audio/midi midi mid
audio/mp4 m4a
audio/mpeg mp3 mp2
audio/ogg ogg oga
audio/opus opus
audio/webm weba
audio/x-aiff aif aifc aiff
audio/x-ms-wma wma
audio/x-pn-realaudio ra
audio/x-wav wav
font/collection ttc
font/otf otf
font/ttf ttf
font/woff woff
font/woff2 woff2
image/avif avif
image/bmp bmp
image/emf emf
image/gif gif
image/heic heic
image/heif heif
image/ief ief
image/jp2 jp2
image/jpeg jpg jpe jpeg
image/jxl jxl
image/pict pict pct pic
image/png png
image/svg+xml svg
image/tiff tiff tif
image/vnd.adobe.photoshop psd
image/vnd.djvu djvu djv
image/vnd.dwg dwg
image/vnd.dxf dxf
image/vnd.microsoft.icon ico
image/webp webp
image/wmf wmf
image/x-cmu-raster ras
image/x-portable-anymap pnm
image/x-portable-bitmap pbm
image/x-portable-graymap pgm
image/x-portable-pixmap ppm
image/x-rgb rgb
image/x-xbitmap xbm
image/x-xpixmap xpm
image/x-xwindowdump xwd
message/rfc822 eml mht mhtml nws
model/gltf+json gltf
model/gltf-binary glb
model/stl stl
text/calendar ics ifb
text/css css
text/csv csv
text/html html htm
text/javascript mjs
text/markdown md markdown
text/n3 n3
text/plain txt c h pl srt log text conf
text/richtext rtx
text/tab-separated-values tsv
text/turtle ttl
text/vcard vcf vcard
text/vtt vtt
text/x-python py
text/x-setext etx
text/x-sgml sgm sgml
text/xml xml
video/3gpp 3gp 3gpp
video/3gpp2 3g2 3gpp2
video/mp4 mp4 mpg4 m4v
video/mpeg mpeg m1v mpa mpe mpg
video/ogg ogv
video/quicktime mov qt
video/webm webm
video/x-matroska mkv
video/x-ms-wmv wmv
video/x-msvideo avi
video/x-sgi-movie movie
"""

# https://docs.aws.amazon.com/ses/latest/dg/mime-types.html
_REJECTED_TEXT = """
ade adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its
js jse ksh lib lnk mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh
msh1 msh2 mshxml msh1xml msh2xml msi msp mst ops pcd pif plg prf prg reg scf scr sct shb shs sys
ps1 ps1xml ps2 ps2xml psc1 psc2 tmp url vb vbe vbs vps vsmacros vss vst vsw vxd ws wsc wsf wsh
xnk
"""
_REJECTED = frozenset(_REJECTED_TEXT.split())


@cache
def _types() -> dict[str, str]:
    lines = [line.split() for line in _TYPES.strip().splitlines()]
    return {extension: kind for kind, *extensions in lines for extension in extensions}


def _extension(filename: str) -> str:
    """Returns the extension in lower case, without dot; empty without an extension."""
    stem, _, extension = filename.rstrip(" .").rpartition(".")
    return extension.lower() if stem.strip(". ") else ""


def guess_media_type(filename: str) -> str:
    """Returns the media type of a file name, application/octet-stream if it isn't known."""
    return _types().get(_extension(filename), DEFAULT)


def check_extension(filename: str) -> str:
    """Returns a file name that SES takes.

    Raises:
        ValueError: SES rejects mails with files of this extension.
    """
    extension = _extension(filename)
    if extension in _REJECTED:
        raise ValueError(
            f"SES rejects files that end in .{extension}; send a zip archive of it, or a link: "
            "https://docs.aws.amazon.com/ses/latest/dg/mime-types.html"
        )
    return filename
