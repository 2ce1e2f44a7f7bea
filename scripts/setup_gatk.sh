#!/usr/bin/env bash
# Put the command gatk into .venv/bin, as conda's package has it, from what resources/gatk/pom.xml
# asks Maven for. Does nothing where it is there, the pom is unchanged and every jar is in place.
#
#   gatk [--java-options "<options>"] <tool> <its options>
#
# Of Maven's own list of what GATK needs some entries are left out; the pom says which and why.
set -euo pipefail
cd "$(dirname "$0")/.."

pom=resources/gatk/pom.xml
jars=.gatk/classpath.txt
launcher=.venv/bin/gatk
stamp=.gatk/.made-from

whole() {
    local jar
    while IFS= read -r -d : jar; do
        [[ -s $jar ]] || return 1
    done < <(tr -d '\n' <"$jars"; printf ':')
}

wanted=$(cat "$pom" "$0" | sha256sum | cut -c1-64)
[[ -s $jars && -x $launcher && -f $stamp && $(<"$stamp") == "$wanted" ]] && whole && exit 0

for tool in mvn java; do
    if ! command -v "$tool" >/dev/null; then
        echo "setup: $tool is missing; run scripts/setup.sh (make setup) first" >&2
        exit 1
    fi
done
echo "setup: resolving GATK's class path"
mkdir -p .gatk
rm -f "$stamp"
mvn --batch-mode --quiet --file "$pom" \
    dependency:build-classpath -Dmdep.outputFile="$PWD/.gatk/.classpath.part" \
    -Dmdep.includeScope=runtime
mv .gatk/.classpath.part "$jars"
if ! whole; then
    echo "setup: Maven ended without error, but a jar of $jars is missing" >&2
    exit 1
fi
# Java reads long arguments from a file; there a backslash and a quote are escaped.
printf -- '-cp "%s"\n' "$(sed 's/[\\"]/\\&/g' "$jars")" >.gatk/java-arguments
cat >"$launcher" <<'LAUNCHER'
#!/usr/bin/env bash
# GATK. scripts/setup_gatk.sh wrote this.
house=$(dirname "$(readlink -f "$0")")/../..
options=()
if [[ ${1-} == --java-options ]]; then
    read -ra options <<<"${2-}"
    shift 2
fi
exec java "${options[@]}" "@$house/.gatk/java-arguments" org.broadinstitute.hellbender.Main "$@"
LAUNCHER
chmod +x "$launcher"
version=$("$launcher" HaplotypeCaller --version 2>/dev/null | sed -n 's/.*(GATK) v//p')
if [[ -z $version ]]; then
    echo "setup: GATK does not start by $launcher" >&2
    exit 1
fi
echo "setup: GATK $version is in place"
echo "$wanted" >"$stamp"
