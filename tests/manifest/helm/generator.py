"""Random templates that Helm renders, out of the functions that are read, for any values."""

from __future__ import annotations

from random import Random

from tests.manifest.helm.values import KINDS

_PLACES = [
    name for name in KINDS if not name.startswith(("list.", "map.", "texts.", "deep.", "full"))
]
# Functions refuse anything but a text; these are never missing.
_TEXTS = ("docker.registry", "imageVersion", "image.tag")
_LITERALS = ("a", "1", ":", "@", "/", "x", "-b", "v")


def generated(random: Random, number: int) -> str:
    """A template with one image or two, and the helpers and variables that they are made with."""
    return _Template(random, number).write()


class _Template:
    def __init__(self, random: Random, number: int) -> None:
        self.random = random
        self.number = number
        self.helpers: list[str] = []
        self.variables: list[str] = []

    def write(self) -> str:
        start = "".join(self.statement() for _ in range(self.random.randrange(3)))
        shape = self.random.randrange(5)
        if shape == 0:
            test = self.test(2)
            body = f"{{{{- if {test} }}}}\nimage: {self.value()}\n{{{{- else }}}}\n"
            body += f"image: {self.value()}\n{{{{- end }}}}"
        elif shape == 1:
            place = self.random.choice(("image", "sidecar", "other"))
            body = f"{{{{- with .Values.{place} }}}}\n"
            body += "image: {{ .repository }}:{{ .tag }}\n{{- end }}"
        elif shape == 2:
            body = f"image: {self.value()}\n{{{{- if {self.test(1)} }}}}\nname: x\n{{{{- end }}}}"
        else:
            body = f"image: {self.value()}"
        return "".join(self.helpers) + start + body + "\n"

    def value(self) -> str:
        pieces = self.pieces(3)
        if self.random.random() < 0.2:
            return f"{{{{ {self.text(2)} | quote }}}}"
        return f'"{pieces}"' if self.random.random() < 0.8 else pieces

    def pieces(self, depth: int) -> str:
        made = [self.reference(depth)] if self.random.random() < 0.5 else []
        made += [self.piece(depth) for _ in range(self.random.randrange(1, 4) - len(made))]
        return "".join(made)

    def reference(self, depth: int) -> str:
        sign = self.random.choice(":::@")
        return f"{{{{ {self.place('repository')} }}}}{sign}{{{{ {self.text(depth - 1)} }}}}"

    def place(self, key: str = "") -> str:
        names = [name for name in _PLACES if name.endswith(key)]
        return self.random.choice(("$", "")) + ".Values." + self.random.choice(names)

    def piece(self, depth: int) -> str:
        kind = self.random.randrange(5 if depth > 0 else 2)
        if kind == 0:
            return self.random.choice(_LITERALS)
        if kind == 1:
            return f"{{{{ {self.text(depth - 1)} }}}}"
        if kind == 2:
            return f"{{{{ with {self.text(0)} }}}}{{{{ . }}}}{self.piece(0)}{{{{ end }}}}"
        left, right = self.random.choice(("", "- ")), self.random.choice(("", " -"))
        other = f"{{{{ else }}}}{self.piece(depth - 1)}" if kind == 3 else ""
        test = self.test(depth - 1)
        return (
            f"{{{{{left} if {test}{right} }}}}{self.piece(depth - 1)}{other}{{{{ end }}}}".replace(
                "- }}", "-}}"
            )
        )

    def text(self, depth: int) -> str:
        """A pipeline that gives a text."""
        kind = self.random.randrange(11 if depth > 0 else 3)
        below = depth - 1
        if kind == 0:
            return f'"{self.random.choice(_LITERALS)}"'
        if kind in (1, 2):
            if self.variables and self.random.random() < 0.4:
                return self.random.choice(self.variables)
            place = ".Chart.AppVersion" if self.random.random() < 0.1 else self.place()
            return self.root(place)
        if kind == 3:
            return f"{self.operand(below)} | default {self.operand(below)}"
        if kind == 4:
            return f"default {self.operand(below)} {self.operand(below)}"
        if kind == 5:
            return f"coalesce {' '.join(self.operand(below) for _ in range(3))}"
        if kind == 6:
            sign = self.random.choice(("%s:%s", "%s%s", "%s@%s", "v%s%s"))
            return f'printf "{sign}" {self.operand(below)} {self.operand(below)}'
        if kind == 7:
            test = f'(eq {self.root(".Values." + self.random.choice(_TEXTS))} "x")'
            return f"ternary {self.operand(below)} {self.operand(below)} {test}"
        if kind == 8:
            return f"{self.operand(below)} | toString"
        if kind == 9:
            name = self.random.choice(("trim", "lower", 'trimSuffix "/"', 'trimPrefix "v"'))
            return f"{self.root('.Values.' + self.random.choice(_TEXTS))} | {name}"
        return self.include(below)

    def root(self, place: str) -> str:
        """Within `with`, the dot is another."""
        return "$" + place.removeprefix("$")

    def operand(self, depth: int) -> str:
        text = self.text(depth)
        return f"({text})" if " " in text else text

    def test(self, depth: int) -> str:
        kind = self.random.randrange(6 if depth > 0 else 1)
        below = depth - 1
        name = self.root(".Values." + self.random.choice(_TEXTS))
        if kind == 0:
            return self.root(self.place())
        if kind == 1:
            return f"not ({self.test(below)})"
        if kind in (2, 3):
            return f"{('and', 'or')[kind - 2]} ({self.test(below)}) ({self.test(below)})"
        if kind == 4:
            return f'{self.random.choice(("eq", "ne"))} {name} "x"'
        return f'hasPrefix "sha256:" {name}'

    def include(self, depth: int) -> str:
        name = f"generated.{self.number}.{len(self.helpers)}"
        self.helpers.append("")
        before, self.variables = self.variables, []
        inner = (
            self.pieces(depth).replace("$.Values", ".root.Values").replace("$.Chart", ".root.Chart")
        )
        self.variables = before
        number = int(name.rpartition(".")[2])
        body = f"{{{{- if .a }}}}{{{{ .a }}}}{{{{- end }}}}{inner if ' with ' not in inner else ''}"
        self.helpers[number] = f'{{{{ define "{name}" -}}}}{body}{{{{- end }}}}\n'.replace(
            " .Values", " .root.Values"
        ).replace(" .Chart", " .root.Chart")
        return f'include "{name}" (dict "a" {self.operand(0)} "root" $)'

    def statement(self) -> str:
        name = f"$v{len(self.variables)}"
        text = f"{{{{- {name} := {self.text(2)} }}}}\n"
        if self.random.random() < 0.5:
            text += f"{{{{- if {self.test(1)} }}}}{{{{ {name} = {self.text(1)} }}}}{{{{ end }}}}\n"
        self.variables.append(name)
        return text
