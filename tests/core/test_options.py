"""A verb's keyword arguments as options."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from soyang.core.assembly import Assembly
from soyang.core.options import add_options, call, summary


def verb(
    *,
    table: Path,
    share: float,
    part: list[Path],
    depth: int = 8,
    quick: bool = False,
    only: list[str] | None = None,
    targets: Path | None = None,
    assembly: Assembly = Assembly.GRCH38,
) -> None:
    """Do the work.

    Args:
        table: what to read; 100 % of it.
        share: a share,
            told on two lines.
        part: parts.
        depth: depth.
        quick: be quick.
        only: some.
        targets: targets.
        assembly: assembly.
    """  # fmt: skip
    given.update(locals())


given: dict[str, object] = {}
"""What the verb was called with."""


def parse(*words):
    parser = argparse.ArgumentParser()
    add_options(parser, verb)
    given.clear()
    call(verb, parser.parse_args(words))
    return dict(given)


def test_types_defaults_and_repeats():
    first = parse("--table", "표 1.tsv", "--share", "0.5", "--part", "a", "--part", "b")
    assert first == {
        "table": Path("표 1.tsv"), "share": 0.5, "part": [Path("a"), Path("b")],
        "depth": 8, "quick": False, "only": None, "targets": None, "assembly": Assembly.GRCH38,
    }  # fmt: skip
    more = parse("--table=t", "--share=1", "--part=a", "--depth=3", "--quick", "--only=x")
    again = parse("--table=t", "--share=1", "--part=a", "--assembly=GRCh37")
    assert again["assembly"] is Assembly.GRCH37
    assert (more["depth"], more["quick"], more["only"]) == (3, True, ["x"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--share", "1", "--part", "a"], "--table"),
        (["--table", "t", "--share", "half", "--part", "a"], "half"),
        (["--table", "t", "--share", "1", "--part", "a", "--colour", "x"], "--colour"),
        (["--table", "t", "--share", "1", "--part", "a", "--assembly", "hg19"], "hg19"),
    ],
)
def test_a_wrong_option_is_named_and_ends_with_2(capsys, words, said):
    with pytest.raises(SystemExit) as stopped:
        parse(*words)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_help_is_the_docstring(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "a share, told on two lines." in said and "100 % of it" in said
    assert summary(verb) == "Do the work."


def test_a_type_that_no_option_can_give_is_refused():
    def strange(*, when: dict) -> None:
        """Do."""

    with pytest.raises(TypeError, match="dict"):
        add_options(argparse.ArgumentParser(), strange)


def test_a_positional_only_argument_is_a_word():
    seen = []

    def show(person: str, /, *, folder: Path = Path("results")) -> None:
        """Show.

        Args:
            person: whom.
            folder: where.
        """
        seen.append((person, folder))

    parser = argparse.ArgumentParser()
    add_options(parser, show)
    call(show, parser.parse_args(["P1"]))
    call(show, parser.parse_args(["P2", "--folder", "f"]))
    assert seen == [("P1", Path("results")), ("P2", Path("f"))]
    with pytest.raises(SystemExit):
        parser.parse_args([])


@pytest.fixture
def listed(tmp_path):
    """A list file of a thousand names, in a folder with Hangul and a space."""
    path = tmp_path / "긴 목록.txt"
    path.write_text("".join(f"결과 {n}/{n}.vcf.gz\n" for n in range(1000)), encoding="utf-8")
    return path


def test_a_list_file_stands_for_the_option_repeated(listed):
    words = [word for n in range(1000) for word in ("--part", f"결과 {n}/{n}.vcf.gz")]
    others = ["--table", "t", "--share", "1"]
    assert parse(*others, "--part", f"@{listed}") == parse(*others, *words)
    mixed = parse(*others, "--part", "first", "--part", f"@{listed}", "--part", "last")["part"]
    assert (mixed[0], mixed[1], mixed[-1]) == (
        Path("first"), Path("결과 0/0.vcf.gz"), Path("last")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", []),
        ("a", ["a"]),
        ("\ufeffa\r\nb c \r\n\r\n", ["a", "b c "]),
        ("@@a\n@b\n", ["@a", "@b"]),
    ],
)
def test_what_a_list_file_holds(tmp_path, content, words):
    path = tmp_path / "list"
    path.write_bytes(content.encode())
    found = parse("--table=t", "--share=1", "--part=x", f"--only=@{path}", "--only=@@z")["only"]
    assert found == [*words, "@z"]


def test_a_bad_word_of_a_list_file_and_a_missing_file_are_named(tmp_path, capsys):
    def numbers(*, depth: list[int], assembly: list[Assembly] | None = None) -> None:
        """Do."""

    parser = argparse.ArgumentParser()
    add_options(parser, numbers)
    path = tmp_path / "depths"
    path.write_text("1\n2\nmany\n")
    for words, said in [
        (["--depth", f"@{path}"], "many"),
        (["--depth", f"@{path}.none"], "no such file"),
        (["--depth", "1", "--assembly", "hg19"], "GRCh38"),
    ]:
        with pytest.raises(SystemExit) as stopped:
            parser.parse_args(words)
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err
