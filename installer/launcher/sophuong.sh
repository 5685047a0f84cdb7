#!/bin/sh
# Starts the newest good version of Sổ Phường: the twin of launcher.c (choose.c says the same) for Linux.
# It lies beside app/<version>/; updates lie in the account's versions/, where current.json says which one is next.
set -u
self=$(readlink -f -- "$0")
app=${self%/*}/app
versions=${XDG_DATA_HOME:-$HOME/.local/share}/so-phuong/versions
SOPHUONG_LAUNCHER=$self
export SOPHUONG_LAUNCHER

is_version() { case $1 in '' | .* | *. | *..* | *[!0-9.]*) return 1 ;; esac; }

newer() { # whether version $1 comes after $2
    [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n -k4,4n | tail -n 1)" = "$1" ]
}

newest_installed() {
    newest=
    for place in "$app"/*/; do
        name=${place%/}
        name=${name##*/}
        if is_version "$name" && [ -x "$place/sophuong" ] && { [ -z "$newest" ] || newer "$name" "$newest"; }; then
            newest=$name
        fi
    done
    printf %s "$newest"
}

read_current() {
    version= before= tried=0 good=false text=
    [ -r "$versions/current.json" ] && text=$(head -c 512 "$versions/current.json" 2>/dev/null)
    value() { printf %s "$text" | sed -n "s/.*\"$1\": *\"\{0,1\}\([0-9a-z.]*\).*/\1/p"; }
    [ -n "$text" ] || return 0
    version=$(value version) before=$(value before) tried=$(value tried) good=$(value good)
    is_version "$version" || version=
    is_version "$before" || before=
    case $tried in '' | *[!0-9]*) tried=0 ;; esac
}

write_current() { # whole or not at all; where it cannot be written the start goes on
    beside=$versions/.current.json.$$
    printf '{"version":"%s","before":"%s","tried":%d,"good":%s}\n' "$version" "$before" "$tried" "$good" >"$beside" &&
        sync "$beside" && mv -f "$beside" "$versions/current.json" || rm -f "$beside"
} 2>/dev/null

opens=0 # whether this start opens the window, and so may prove a new version
case ${1-} in
'' | open) opens=1 ;;
--profile) [ $# -le 2 ] && opens=1 ;;
--profile=*) [ $# -eq 1 ] && opens=1 ;;
esac

for round in 1 2 3 4; do
    installed=$(newest_installed)
    read_current
    most=2
    [ "$good" = true ] && most=3
    choice=pointed
    if [ -z "$version" ] || { [ -n "$installed" ] && ! newer "$version" "$installed"; }; then
        choice=installed
    elif [ ! -x "$versions/$version/sophuong" ] || [ "$tried" -ge "$most" ]; then
        choice=before
    elif [ $opens = 0 ] && [ "$good" != true ]; then
        choice=before # only a window proves a version; until then verbs use the one before
    fi
    if [ $choice = pointed ]; then
        program=$versions/$version/sophuong
        if [ $opens = 1 ]; then
            tried=$((tried + 1))
            write_current
        fi
        if [ $opens = 0 ] || [ "$good" = true ]; then
            exec "$program" "$@"
        fi
        trial=$version
        "$program" "$@"
        code=$?
        [ $code = 0 ] && exit 0
        read_current
        if [ "$good" = true ] || [ "$version" != "$trial" ]; then exit $code; fi
        continue # it ended before it came up: once more, then the one before
    fi
    if [ $choice = before ] && [ -n "$before" ]; then
        for place in "$versions/$before" "$app/$before"; do
            [ -x "$place/sophuong" ] && exec "$place/sophuong" "$@"
        done
    fi
    if [ -n "$installed" ]; then exec "$app/$installed/sophuong" "$@"; fi
    if [ -n "$version" ] && [ -x "$versions/$version/sophuong" ]; then exec "$versions/$version/sophuong" "$@"; fi
    echo "Không thấy chương trình Sổ Phường trong $app; cài lại gói. / Not found; install the package again." >&2
    exit 1
done
exit "$code"
