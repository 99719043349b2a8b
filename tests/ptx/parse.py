"""PTX text -> functions and variables. Nothing is executed or looked up here."""

import re
from dataclasses import dataclass, field

from ptx.faults import UnknownInstructionError

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
LINE = re.compile(r"^[ \t]*\.(?:loc|file|version|target|address_size)\b[^\n]*$", re.M)
LABEL = re.compile(r"([$%\w]+)\s*:(?!:)")
SPACE = re.compile(r"\s*")
NAME = r"[$%\w]+"
VARIABLE = re.compile(
    r"\.(?P<space>global|const|shared|local|param|reg)\b\s*(?:\.align\s+(?P<align>\d+)\s*)?"
    r"\.(?P<type>\w+)\s+(?:\.ptr\s+(?:\.(?:global|const|shared|local)\s+)?(?:\.align\s+\d+\s+)?)?"
    r"(?P<names>[^=]+?)\s*(?:=\s*(?P<value>.*))?$", re.S)


@dataclass(frozen=True)
class Variable:
    """A declared name: its state space, type, number of elements (0: sized at launch), alignment and initial
    value."""

    name: str
    space: str
    type: str
    count: int
    align: int
    value: str | None


@dataclass(frozen=True)
class Instruction:
    """One instruction: its text, the register that guards it, the opcode split at its dots, the operands."""

    text: str
    guard: str | None
    negated: bool
    op: tuple[str, ...]
    operands: tuple[str, ...]


@dataclass
class Scope:
    """What stands between braces, in order: labels (str), variables, instructions, and scopes within."""

    items: list["str | Variable | Instruction | Scope"] = field(default_factory=list)


@dataclass
class Function:
    """A kernel or a device function; `body` is None where it is declared only."""

    name: str
    entry: bool
    results: list[Variable]
    parameters: list[Variable]
    body: Scope | None


@dataclass
class Module:
    """All that a PTX text declares."""

    functions: dict[str, Function] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)


def split(text: str) -> list[str]:
    """The parts of a list between commas that stand outside of brackets of any form."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def instruction(text: str) -> Instruction:
    """The instruction that a statement spells."""
    text = " ".join(text.split())
    found = re.fullmatch(r"(?:@(!?)\s*([%\w$]+)\s+)?([a-z][\w.:]*)\s*(.*)", text)
    if not found:
        raise UnknownInstructionError(f"cannot read `{text}`")
    negated, guard, op, rest = found.groups()
    parts = tuple(op.replace("::", "_").split("."))
    return Instruction(text, guard, negated == "!", parts, tuple(split(rest)))


def variables(text: str) -> list[Variable]:
    """The variables of one declaration; `.reg .b32 %r<3>` declares %r0, %r1 and %r2."""
    found = VARIABLE.search(text)
    if not found:
        raise UnknownInstructionError(f"cannot read the declaration `{' '.join(text.split())[:100]}`")
    result = []
    for name in split(found["names"]):
        many = re.fullmatch(rf"({NAME})<(\d+)>", name)
        array = re.fullmatch(rf"({NAME})\s*\[\s*(\d*)\s*\]", name)
        names = [f"{many[1]}{n}" for n in range(int(many[2]))] if many else [array[1] if array else name]
        count = int(array[2] or 0) if array else 1
        align = int(found["align"] or 0)
        result += [Variable(n, found["space"], found["type"], count, align, found["value"]) for n in names]
    return result


def closing(text: str, opening: int) -> int:
    """The place after the brace that closes the one at `opening`."""
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place + 1
    raise UnknownInstructionError("a brace is not closed")


def scope(text: str) -> Scope:
    """The labels, variables, instructions and inner scopes of a body without its outer braces."""
    result, place = Scope(), 0
    while True:
        place = SPACE.match(text, place).end()      # type: ignore[union-attr]  # matches the empty text too
        if place == len(text):
            return result
        label = LABEL.match(text, place)
        if text[place] == "{":
            end = closing(text, place)
            result.items.append(scope(text[place + 1:end - 1]))
        elif label:
            end = label.end()
            result.items.append(label[1])
        else:
            end = text.find(";", place) + 1
            if not end:
                raise UnknownInstructionError(f"no semicolon after `{text[place:place + 60].strip()}`")
            statement(text[place:end - 1].strip(), result)
        place = end


def statement(text: str, into: Scope) -> None:
    """Adds a declaration or an instruction to a scope; pragmas say nothing about results."""
    if not text or text.startswith(".pragma"):
        return
    if text[0] == ".":
        into.items += variables(text)
    else:
        into.items.append(instruction(text))


def parameters(text: str | None) -> list[Variable]:
    """The variables of a list of parameters."""
    return [variable for part in split(text or "") for variable in variables(part)]


def function(head: str, body: str | None) -> Function:
    """A function from the text before its body, and its body."""
    found = re.search(rf"\.(entry|func)\s*(?:\(([^)]*)\)\s*)?({NAME})\s*(?:\(([^)]*)\))?", head)
    if not found:
        raise UnknownInstructionError(f"cannot read the function `{' '.join(head.split())[:100]}`")
    return Function(found[3], found[1] == "entry", parameters(found[2]), parameters(found[4]),
                    None if body is None else scope(body))


def parse(text: str) -> Module:
    """The functions and variables of a PTX text."""
    text = LINE.sub("", COMMENT.sub(" ", text))
    module, place = Module(), 0
    while text[place:].strip():
        semicolon, brace = text.find(";", place), text.find("{", place)
        declared = semicolon >= 0 and (brace < 0 or semicolon < brace)
        head = text[place:semicolon if declared else brace]
        callable_ = re.search(r"\.(?:entry|func)\b", head)
        if not callable_ and ".section" not in head:
            end = text.find(";", place) + 1
            if not end:
                raise UnknownInstructionError(f"cannot read `{text[place:place + 60].strip()}`")
            module.variables += variables(text[place:end - 1])
        else:
            end = semicolon + 1 if declared else closing(text, brace)
            if callable_:
                made = function(head, None if declared else text[brace + 1:end - 1])
                if made.body is not None or made.name not in module.functions:
                    module.functions[made.name] = made
        place = end
    return module
