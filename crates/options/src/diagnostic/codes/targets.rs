//! Kinds of findings about the files and devices that a job would use.

use super::codes;

codes! {
    OVERWRITES_DEVICE = "FD0701" "overwrites-device" Warning,
    "A device is overwritten",
    "The job writes to or trims a device. Whatever is on it is lost, file systems and partition tables \
     included; nothing asks before it happens.",
    "Look twice at the name (names like `/dev/sdb` change between boots, those below `/dev/disk/by-id` do \
     not). If it is meant, `fiord check --allow=FD0701` says so.",
"[a]
filename=/dev/sdx
rw=randwrite
direct=1
" =>
"[a]
filename=/dev/sdx
rw=randread
direct=1
";

    NO_SIZE_FOR_NEW_FILE = "FD0702" "no-size-for-new-file" Warning,
    "Files are to be made, but nothing says how large",
    "Without `filename` the job makes files of its own, and without `size` or `filesize` it does not know \
     how large. It runs only if files of these names are left from before.",
    "Add `size`.",
"[a]
rw=read
" =>
"[a]
rw=read
size=1m
";

    COLON_IN_PATH = "FD0703" "colon-in-path" Warning,
    "A path with a colon is split into two targets",
    "A colon separates names in `filename`. A device path with colons in it, as below \
     `/dev/disk/by-path`, becomes several names, of which the later ones are files in the present \
     directory: the wrong disk is measured.",
    "Write `\\:` for each colon that is part of the name.",
"[a]
filename=/dev/disk/by-path/pci-0000:00:1f.2-ata-1
" =>
"[a]
filename=/dev/disk/by-path/pci-0000\\:00\\:1f.2-ata-1
";

    COMMA_IN_PATHS = "FD0704" "comma-in-paths" Warning,
    "Paths separated by a comma",
    "Names in `filename` and `directory` are separated by colons. A comma is part of the name, so that \
     this is one path, which hardly exists.",
    "Separate names by `:`.",
"[a]
filename=/dev/sdx,/dev/sdy
" =>
"[a]
filename=/dev/sdx:/dev/sdy
";

    SHELL_SYNTAX_IN_PATH = "FD0705" "shell-syntax-in-path" Warning,
    "A path that only a shell understands",
    "Names are taken as they are: `~` is a directory of that name, `*` is a character, and `$NAME` without \
     braces is text.",
    "Write the path in full; in job files `${NAME}` is replaced by the variable of the environment.",
"[a]
size=1m
filename=~/data
" =>
"[a]
size=1m
directory=${HOME}
";

    DIRECTORY_BEFORE_ABSOLUTE_PATH = "FD0706" "directory-before-absolute-path" Warning,
    "A directory is put in front of an absolute path",
    "`directory` is put in front of every name in `filename`, also of absolute ones: \
     `directory=/mnt` and `filename=/dev/sdx` is `/mnt//dev/sdx`.",
    "Delete `directory`, or write names relative to it.",
"[a]
size=1m
directory=/mnt
filename=/tmp/data
" =>
"[a]
size=1m
directory=/mnt
filename=data
";

    UNALIGNED_DIRECT = "FD0707" "unaligned-direct" Warning,
    "Direct I/O that does not fit into sectors",
    "With `direct=1` offsets and lengths must be multiples of the sector size, which is at least 512 \
     bytes. The kernel refuses others with EINVAL.",
    "Use multiples of 4096 (some devices have sectors that large), or `direct=0`.",
"[a]
size=1000k
direct=1
bs=1000
" =>
"[a]
size=1m
direct=1
bs=1k
";
}
