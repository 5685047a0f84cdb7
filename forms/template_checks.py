"""Checks of printout templates: they parse. What they name is seen when the examples are printed."""

from __future__ import annotations

from forms.catalog_reader import ReadTool
from forms.definition_problems import DefinitionProblem


def check_templates(read: ReadTool, problems: list[DefinitionProblem]) -> None:
    from jinja2 import Environment, TemplateSyntaxError

    environment = Environment(autoescape=True)
    names = {printout.template for record, _ in read.records for printout in record.printouts}
    for path in sorted(read.folder / "print" / name for name in names):
        try:
            environment.parse(path.read_text("utf-8"))
        except TemplateSyntaxError as error:
            vi, en = f"sai cú pháp mẫu in: {error.message}", f"not a well-formed template: {error.message}"
            problems.append(DefinitionProblem(str(path), error.lineno, path.name, vi, "Jinja2", en))
        except (OSError, UnicodeDecodeError):
            vi, en = "không đọc được mẫu in", "the template cannot be read"
            problems.append(DefinitionProblem(str(path), 1, path.name, vi, "HTML (UTF-8)", en))
