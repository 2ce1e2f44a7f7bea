# SAM on gene slices to SAM on chr20. A slice is named by the 0-based position that it starts
# at. Alternative hits (SA, XA) are dropped: their positions would still be the slices'.
BEGIN { FS = OFS = "\t" }
/^@PG/ { next }
/^@/ { print; next }
{
    own = $3
    if ($7 == "=") $8 += own
    else if ($7 != "*") { $8 += $7; $7 = "=" }
    if (own != "*") { $4 += own; $3 = "chr20" }
    line = $1
    for (i = 2; i <= NF; i++) if ($i !~ /^[SX]A:Z:/) line = line OFS $i
    print line
}
