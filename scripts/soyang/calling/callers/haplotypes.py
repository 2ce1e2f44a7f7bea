"""freebayes' haplotypes as variants of one base or one indel each, by their own alignment (CIGAR).

Split at the site with all its alleles, so that a change which two haplotypes share has both their
genotype and depths. The pieces of one haplotype were seen on the same reads: they stay phased to
each other (``PS``). Comparing base by base instead, as ``bcftools norm --atomize`` does, makes a
row of false substitutions of a shifted repeat.
"""

SPLIT = r"""
BEGIN { FS = OFS = "\t" }

# Changed bases of a piece: of an insertion the gap after its anchor.
function low(key) { return kind[key] == "I" ? at[key] + 0.5 : at[key] + (kind[key] == "D") }
function high(key) { return kind[key] == "D" ? at[key] + length(old[key]) - 1 : low(key) }

function piece(allele, type, position, before, after,   key) {
    key = position SUBSEP before SUBSEP after
    if (!(key in at)) {
        keys[++pieces] = key
        at[key] = position; old[key] = before; new[key] = after; kind[key] = type
    }
    has[key, allele] = 1
}

# One haplotype into pieces; as a whole where its alignment does not say how.
function divide(n, sequence, cigar,   rest, size, type, r, a, k, ok) {
    for (ok = 0; ok < 2; ok++) {
        rest = cigar; r = 1; a = 1
        while (match(rest, /^[0-9]+[MXID]/)) {
            size = substr(rest, 1, RLENGTH - 1) + 0
            type = substr(rest, RLENGTH, 1)
            rest = substr(rest, RLENGTH + 1)
            if (ok && type == "X")
                for (k = 0; k < size; k++)
                    piece(n, "X", $2 + r - 1 + k, substr($4, r + k, 1), substr(sequence, a + k, 1))
            if (ok && type == "I")
                piece(n, "I", $2 + r - 2, substr($4, r - 1, 1), \
                    substr($4, r - 1, 1) substr(sequence, a, size))
            if (ok && type == "D")
                piece(n, "D", $2 + r - 2, substr($4, r - 1, size + 1), substr($4, r - 1, 1))
            if (r == 1 && type ~ /[ID]/) rest = "?"
            if (type != "I") r += size
            if (type != "D") a += size
        }
        if (rest != "" || r != length($4) + 1 || a != length(sequence) + 1) {
            piece(n, "W", $2, $4, sequence)
            return
        }
    }
}

# Phred of the genotype against the next likely (GL, log10; order of genotypes: VCF 4.3, 1.6.2),
# and of a variant against none with the odds before.
function qualities(   count, likely, own, first, last, other, carrying, n) {
    count = split(value[place["GL"]], likely, ",")
    if (count < 2 || genotype ~ /\./) return
    first = allele[1] + 0; last = allele[alleles] + 0
    if (first > last) { n = first; first = last; last = n }
    own = alleles == 2 ? last * (last + 1) / 2 + first + 1 : last + 1
    other = carrying = -1e9
    for (n = 1; n <= count; n++) {
        if (n != own && likely[n] > other) other = likely[n] + 0
        if (n > 1 && likely[n] > carrying) carrying = likely[n] + 0
    }
    sure = 10 * (likely[own] - other)
    sure = sure > 0 ? int(sure + 0.5) : 0
    variant = 10 * (carrying - likely[1]) - prior
    if (variant < 0) variant = 0
}

/^##(INFO|FORMAT|FILTER)=/ { next }
/^##/ { print; next }
/^#/ {
    info = "##INFO=<ID=%s,Number=1,Type=Integer,Description=\"%s\">\n"
    printf info, "DP", "Reads"
    printf info, "SRF", "Reads with the reference allele, forward"
    printf info, "SRR", "Reads with the reference allele, reverse"
    printf info, "SAF", "Reads with the alternate allele, forward"
    printf info, "SAR", "Reads with the alternate allele, reverse"
    form = "##FORMAT=<ID=%s,Number=%s,Type=%s,Description=\"%s\">\n"
    printf form, "GT", "1", "String", "Genotype"
    printf form, "GQ", "1", "Integer", "Genotype quality by the likelihoods, Phred"
    printf form, "DP", "1", "Integer", "Reads"
    printf form, "AD", "R", "Integer", "Reads with each allele"
    printf form, "PS", "1", "Integer", "Phase set: position of the haplotype"
    print "##FILTER=<ID=LowQual,Description=\"Variant quality below " least ": no call\">"
    print
    next
}
{
    delete at; delete has; delete told
    pieces = 0
    count = split($8, part, ";")
    for (n = 1; n <= count; n++) {
        equals = index(part[n], "=")
        told[substr(part[n], 1, equals - 1)] = substr(part[n], equals + 1)
    }
    fields = split($9, name, ":")
    split($10, value, ":")
    for (n = 1; n <= fields; n++) place[name[n]] = n
    genotype = value[place["GT"]]
    alleles = split(genotype, allele, /[\/|]/)
    split($5, alternate, ",")
    split(told["CIGAR"], cigar, ",")
    split(value[place["AD"]], reads, ",")
    split(told["SAF"], forward, ","); split(told["SAR"], reverse, ",")
    depth = value[place["DP"]]
    sure = 0; variant = $6 + 0
    qualities()
    quality = sprintf("%.2f", variant)
    strands = "DP=" told["DP"] ";SRF=" told["SRF"] ";SRR=" told["SRR"]

    if (genotype !~ /[1-9]/ || variant < least) {
        filter = "."
        if (genotype ~ /[1-9]/) { filter = "LowQual"; gsub(/[0-9]+/, ".", genotype) }
        print $1, $2, ".", $4, ".", quality, filter, strands, "GT:GQ:DP:AD", \
            genotype ":" sure ":" depth ":" reads[1]
        next
    }
    for (n = 1; n <= alleles; n++)
        if (allele[n] > 0) divide(allele[n], alternate[allele[n]], cigar[allele[n]])
    for (n = 2; n <= pieces; n++)
        for (k = n; k > 1 && at[keys[k]] < at[keys[k - 1]]; k--) {
            swapped = keys[k]; keys[k] = keys[k - 1]; keys[k - 1] = swapped
        }
    same = 1
    for (n = 2; n <= alleles; n++) if (allele[n] != allele[1]) same = 0
    phased = pieces > 1 && !same
    for (p = 1; p <= pieces; p++) {
        key = keys[p]
        mine = ""; depths = ahead = back = 0
        delete counted
        for (n = 1; n <= alleles; n++) {
            what = "0"
            if ((key, allele[n]) in has) {
                what = "1"
                if (!(allele[n] in counted)) {
                    depths += reads[allele[n] + 1]
                    ahead += forward[allele[n]]; back += reverse[allele[n]]
                }
                counted[allele[n]]
            } else if (allele[n] > 0)
                for (k = 1; k <= pieces; k++)
                    if ((keys[k], allele[n]) in has && low(keys[k]) <= high(key) && \
                        low(key) <= high(keys[k])) what = "."
            mine = mine (n > 1 ? (phased ? "|" : "/") : "") what
        }
        print $1, at[key], ".", old[key], new[key], quality, ".", \
            strands ";SAF=" ahead ";SAR=" back, "GT:GQ:DP:AD" (phased ? ":PS" : ""), \
            mine ":" sure ":" depth ":" reads[1] "," depths (phased ? ":" $2 : "")
    }
}
"""
"""awk program on freebayes' records of one sample.

Variables: ``prior``, Phred of a variant before any read; ``least``, variant quality below which
there is no call. Of a site with two different alternates a piece's other allele is ``.`` where the
other haplotype has a change over it, else 0.
"""
