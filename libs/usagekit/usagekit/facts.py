"""What a command runs in: a CI service, an AI agent, a terminal. Our names, no values of theirs."""

import os

from usagekit.config import is_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# The variable by which each CI service says that it is there; what stands first is asked first.
CI_SERVICES = {
    "GITHUB_ACTIONS": "github",
    "GITLAB_CI": "gitlab",
    "TF_BUILD": "azure",
    "CIRCLECI": "circleci",
    "JENKINS_URL": "jenkins",
    "BUILDKITE": "buildkite",
    "TEAMCITY_VERSION": "teamcity",
    "BITBUCKET_BUILD_NUMBER": "bitbucket",
    "CODEBUILD_BUILD_ID": "codebuild",
    "TRAVIS": "travis",
    "APPVEYOR": "appveyor",
    "DRONE": "drone",
    "CIRRUS_CI": "cirrus",
    "SEMAPHORE": "semaphore",
    "CI": "other",
}
# The same for the agents that run commands on somebody's behalf. Amp says that it is Claude Code
# too, so it is asked first.
AGENTS = {
    "AMP_CURRENT_THREAD_ID": "amp",
    "CLAUDECODE": "claude-code",
    "CLAUDE_CODE": "claude-code",
    "CURSOR_AGENT": "cursor",
    "GEMINI_CLI": "gemini-cli",
    "CODEX_SANDBOX": "codex",
    "CODEX_THREAD_ID": "codex",
    "CODEX_CI": "codex",
    "COPILOT_CLI": "copilot-cli",
    "ANTIGRAVITY_AGENT": "antigravity",
    "OPENCODE": "opencode",
    "AUGMENT_AGENT": "augment",
    "CLINE_ACTIVE": "cline",
    "GOOSE_TERMINAL": "goose",
    "AI_AGENT": "other",
}


def facts(environ: "Mapping[str, str]") -> "dict[str, object]":
    """``ci`` and ``agent``, where there is one, and ``interactive``."""
    found: dict[str, object] = {"interactive": os.isatty(0) and os.isatty(1)}
    for name, known in (("ci", CI_SERVICES), ("agent", AGENTS)):
        for variable in known:
            if is_set(environ, variable):
                found[name] = known[variable]
                break
    return found


def in_ci(environ: "Mapping[str, str]") -> bool:
    """Whether this home is thrown away after the job, as a rule."""
    return any(is_set(environ, variable) for variable in CI_SERVICES)
