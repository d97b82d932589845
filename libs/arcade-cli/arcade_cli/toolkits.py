"""``arcade toolkit``: the toolkits installed beside this program, found and run in-process."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

from arcade_core.catalog import MaterializedTool, ToolCatalog
from arcade_core.errors import ToolkitError
from arcade_core.executor import ToolExecutor
from arcade_core.schema import InputParameter, ToolCallError, ToolContext
from arcade_core.toolkit import Toolkit

from arcade_cli.errors import ArcadeError, BadInputError
from arcade_cli.show import say, say_lines, show_json, show_table

# How a value on the command line becomes what a tool's parameter takes.
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "json": json.loads,
    "array": json.loads,
}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "json": object,
}
# What the executor calls its own arguments; a tool's go beside them.
_RESERVED = frozenset({"func", "definition", "input_model", "output_model", "context"})
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def show_list(*, as_json: bool) -> None:
    """Print every toolkit that can be found."""
    toolkits = _find_all()
    if as_json:
        show_json([_summary(toolkit) for toolkit in toolkits])
    elif toolkits:
        rows = [[str(value) for value in _summary(toolkit).values()] for toolkit in toolkits]
        show_table("Toolkits", ["Name", "Version", "Tools", "Description"], rows)
    else:
        say("No toolkits are installed. Try: pip install arcade-math")


def show_one(name: str, *, as_json: bool) -> None:
    """Print the tools of one toolkit. Raises ArcadeError."""
    toolkit = _find(name)
    tools = list(_tools(toolkit))
    if as_json:
        described = [_described(tool) for tool in tools]
        show_json({**_summary(toolkit), "tools": described})
        return
    rows = [
        [
            f"{tool.definition.toolkit.name}.{tool.definition.name}",
            ", ".join(_signature(parameter) for parameter in tool.definition.input.parameters),
            tool.definition.description,
        ]
        for tool in tools
    ]
    title = f"{_display_name(toolkit)} {toolkit.version}: {toolkit.description or ''}"
    show_table(title, ["Tool", "Arguments", "Description"], rows)


def run_tool(name: str, arguments: list[str], *, as_json: bool) -> None:
    """Run a tool and print what it returns. Raises ArcadeError."""
    tool = _find_tool(name)
    parameters = tool.definition.input.parameters
    values = _values(
        f"{tool.definition.toolkit.name}.{tool.definition.name}", parameters, arguments
    )
    reserved = sorted(values.keys() & _RESERVED)
    if reserved:
        raise ArcadeError(
            f"{name} cannot be run from here: its argument {reserved[0]!r} has a reserved name.",
            usage_message="a tool's argument has a reserved name",
        )
    result = asyncio.run(
        ToolExecutor.run(
            func=tool.tool,
            definition=tool.definition,
            input_model=tool.input_model,
            output_model=tool.output_model,
            context=ToolContext(),
            **values,
        )
    )
    if result.error is not None:
        raise _failure(tool, result.error)
    if as_json or not isinstance(result.value, str | int | float):
        show_json(result.value)
    else:
        say_lines(str(result.value))


def _find_all() -> list[Toolkit]:
    # Its warnings about packages that merely look like toolkits are not for this user.
    logging.getLogger("arcade_core").setLevel(logging.ERROR)
    return sorted(Toolkit.find_all_arcade_toolkits(), key=lambda toolkit: toolkit.name)


def _find(name: str) -> Toolkit:
    toolkits = _find_all()
    wanted = name.replace("-", "_").lower().removeprefix("arcade_")
    for toolkit in toolkits:
        if toolkit.name.lower() == wanted:
            return toolkit
    known = ", ".join(map(_display_name, toolkits)) or "none"
    raise BadInputError(f"There is no toolkit {name!r} here. Installed: {known}.")


def _tools(toolkit: Toolkit) -> Iterator[MaterializedTool]:
    catalog = ToolCatalog()
    try:
        catalog.add_toolkit(toolkit)
    except ToolkitError as error:
        raise ArcadeError(
            f"The toolkit {toolkit.name} cannot be loaded. Try to install it again: "
            f"pip install --force-reinstall {toolkit.package_name}",
            detail=str(error),
            usage_message="a toolkit cannot be loaded",
        ) from error
    return iter(catalog)


def _find_tool(name: str) -> MaterializedTool:
    toolkit_name, dot, tool_name = name.partition(".")
    if not (dot and toolkit_name and tool_name):
        raise BadInputError(f"{name!r} does not name a tool. Write TOOLKIT.TOOL, as in Math.Add.")
    toolkit = _find(toolkit_name)
    tools = list(_tools(toolkit))
    for tool in tools:
        if tool.definition.name.lower() == tool_name.lower():
            return tool
    raise BadInputError(
        f"{_display_name(toolkit)} has no tool {tool_name!r}. "
        f"See them all: arcade toolkit show {_display_name(toolkit)}"
    )


def _values(tool: str, parameters: list[InputParameter], arguments: list[str]) -> dict[str, Any]:
    """The tool's arguments, from ``key=value`` words or from one JSON object."""
    known = {parameter.name: parameter for parameter in parameters}
    if len(arguments) == 1 and arguments[0].lstrip().startswith("{"):
        values = _from_json(arguments[0])
    else:
        values = _from_pairs(known, arguments)
    takes = f"It takes: {', '.join(map(_signature, parameters)) or 'no arguments'}."
    for name, value in values.items():
        if name not in known:
            raise BadInputError(f"{tool} has no argument {name!r}. {takes}")
        if not _fits(known[name], value):
            raise BadInputError(f"{value!r} will not do for {name}. {takes}")
    missing = [name for name in known if known[name].required and name not in values]
    if missing:
        raise BadInputError(f"{tool} needs {' and '.join(missing)}. {takes}")
    return values


def _fits(parameter: InputParameter, value: object) -> bool:
    """Whether a value is of the type that the parameter's schema asks for."""
    if value is None:
        return not parameter.required
    schema = parameter.value_schema
    if schema.val_type == "array":
        inner = _TYPES.get(schema.inner_val_type or "", object)
        return isinstance(value, list) and all(isinstance(item, inner) for item in value)
    if isinstance(value, bool):
        return schema.val_type in ("boolean", "json")
    return isinstance(value, _TYPES[schema.val_type])


def _from_json(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"The arguments are not valid JSON: {error}.") from error
    return dict(values)


def _from_pairs(known: dict[str, InputParameter], arguments: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not (name and equals):
            raise BadInputError(f"{argument!r} is not an argument. Write key=value.")
        if name in values:
            raise BadInputError(f"{name!r} is given twice.")
        values[name] = _from_text(known[name], text) if name in known else text
    return values


def _from_text(parameter: InputParameter, text: str) -> Any:
    kind = parameter.value_schema.val_type
    try:
        return _TRUTH[text.lower()] if kind == "boolean" else _FROM_TEXT.get(kind, str)(text)
    except (KeyError, ValueError, RecursionError) as error:
        raise BadInputError(
            f"{text!r} will not do for {parameter.name}: that is of type {kind}."
        ) from error


def _failure(tool: MaterializedTool, error: ToolCallError) -> ArcadeError:
    name = f"{tool.definition.toolkit.name}.{tool.definition.name}"
    _, separator, reason = error.message.partition(f"'{tool.tool.__name__}': ")
    return ArcadeError(
        f"{name} failed: {reason if separator else error.message}",
        detail=error.stacktrace or error.developer_message,
        usage_message=f"tool failed: {error.kind.value}",
    )


def _display_name(toolkit: Toolkit) -> str:
    return "".join(part.capitalize() for part in toolkit.name.split("_"))


def _summary(toolkit: Toolkit) -> dict[str, object]:
    return {
        "name": _display_name(toolkit),
        "version": toolkit.version,
        "tools": sum(map(len, toolkit.tools.values())),
        "description": toolkit.description or "",
    }


def _described(tool: MaterializedTool) -> dict[str, object]:
    return {
        "name": f"{tool.definition.toolkit.name}.{tool.definition.name}",
        "description": tool.definition.description,
        "arguments": [
            {
                "name": parameter.name,
                "type": parameter.value_schema.val_type,
                "required": parameter.required,
                "description": parameter.description,
            }
            for parameter in tool.definition.input.parameters
        ],
    }


def _signature(parameter: InputParameter) -> str:
    schema = parameter.value_schema
    kind = (
        f"{schema.val_type} of {schema.inner_val_type}"
        if schema.inner_val_type
        else schema.val_type
    )
    return f"{parameter.name}: {kind}" + ("" if parameter.required else " (optional)")
