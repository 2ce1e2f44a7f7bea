"""resources: a reference that is not there yet, from its publisher or a mirror

fetch_reference: cut lines go on, sizes and checksums are held; started before everything else
"""

if config["reference"]["fetch"]:

    rule fetch_reference:
        output:
            fasta=config["reference"]["fasta"],
        log:
            "logs/resources/fetch.log",
        localrule: True
        conda:
            TOOLS
        params:
            folder=Path(config["reference"]["fasta"]).parent.parent,
            take=config["reference"]["fetch"],
            catalog=(
                options("reference", "catalog")
                if config["reference"]["catalog"]
                else ""
            ),
        shell:
            """
            soyang --log {log:q} resources fetch \
                --folder {params.folder:q} \
                --take {params.take:q} \
                {params.catalog}
            """
