#!/usr/bin/env bash
# Make .gatk/classpath.txt, the Java class path of GATK, of what resources/gatk/pom.xml asks for:
# the setting calling.gatk takes it. Does nothing where it is there, the pom is unchanged and every
# jar is in place. Where GATK comes from conda, this is not needed.
#
# Maven's own list of what GATK needs has two entries left out (see the pom): builds that the
# public repository does not have and HaplotypeCaller does not use.
set -euo pipefail
cd "$(dirname "$0")/.."

pom=resources/gatk/pom.xml
made=.gatk/classpath.txt
stamp=.gatk/.made-from

whole() {
    local jar
    while IFS= read -r -d : jar; do
        [[ -s $jar ]] || return 1
    done < <(tr -d '\n' <"$made"; printf ':')
}

wanted=$(sha256sum "$pom" | cut -c1-64)
[[ -s $made && -f $stamp && $(<"$stamp") == "$wanted" ]] && whole && exit 0

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
mv .gatk/.classpath.part "$made"
if ! whole; then
    echo "setup: Maven ended without error, but a jar of $made is missing" >&2
    exit 1
fi
version=$(java -cp "$(<"$made")" org.broadinstitute.hellbender.Main HaplotypeCaller --version \
    2>/dev/null | sed -n 's/.*(GATK) v//p')
if [[ -z $version ]]; then
    echo "setup: GATK does not start with the class path $made" >&2
    exit 1
fi
echo "setup: GATK $version is in place"
echo "$wanted" >"$stamp"
