"""Messages as programs write them: what must go, what must stay so that a maintainer can use them.

Each row: the message; the pieces that must not be in what is sent; the pieces that must be.
"""

from __future__ import annotations

import pytest
from usagekit.redact import Redactor

REDACTOR = Redactor(("/home/ada", "/Users/ada"), ("ada", "made-up-host", "Ada Lovelace"))

# Made-up secrets, in the shapes that are known.
HEX32 = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
GITHUB = "ghp_madeUp0000madeUp0000madeUp0000madeUp"
AWS = "AKIAMADEUPMADEUP0000"
SLACK = "xoxb-000000000000-madeupmadeup"
STRIPE = "sk_live_madeUp0000madeUp0000"
OPENAI = "sk-proj-madeUp0000madeUp0000madeUp0000"
ARCADE = "arc_o1madeUp0000madeUp0000madeUp0000"
POSTHOG = "phx_madeUp0000madeUp0000madeUp0000"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYWRlLXVwIn0.c2lnbmF0dXJl"
RANDOM = "q7Rk2mXw9ZtLp4VnB8sYc3Hd6Gf1Ja5E"

ROWS: list[tuple[str, list[str], list[str]]] = [
    # Python
    ("[Errno 2] No such file or directory: '/home/ada/plans/q3.xlsx'", ["plans", "q3"], ["No such file", ".xlsx"]),
    ("[Errno 13] Permission denied: '/etc/ssl/private/made-up.key'", ["made-up", "ssl"], ["Permission denied", ".key"]),
    ("[Errno 28] No space left on device: '/mnt/data/dump.sql'", ["dump", "mnt"], ["No space left on device"]),
    ("[Errno 17] File exists: './secret-project/out'", ["secret-project"], ["File exists"]),
    ("[Errno 21] Is a directory: '/home/ada/merger'", ["merger", "ada"], ["Is a directory"]),
    ("[Errno 111] Connection refused", [], ["Connection refused", "111"]),
    ("[WinError 5] Access is denied: 'C:\\Users\\Ada\\Desktop\\salary.docx'", ["Ada", "salary"], ["Access is denied", ".docx"]),
    ("[Errno 98] error while attempting to bind on address ('192.0.2.10', 8000): address already in use", ["192.0.2.10"], ["attempting to bind", "address already in use"]),
    ("'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", [], ["utf-8", "0xff", "invalid start byte"]),
    ("Expecting value: line 1 column 1 (char 0)", [], ["Expecting value: line 1 column 1 (char 0)"]),
    ("Extra data: line 3 column 2 (char 71)", [], ["Extra data", "line 3"]),
    ("No module named 'made_up.backend'", [], ["No module named 'made_up.backend'"]),
    ("cannot import name 'connect' from 'made_up' (/home/ada/venv/lib/python3.11/site-packages/made_up/__init__.py)", ["/home", "venv"], ["cannot import name 'connect'"]),
    ("module 'made_up' has no attribute 'run'", [], ["has no attribute 'run'"]),
    ("unsupported operand type(s) for +: 'int' and 'NoneType'", [], ["unsupported operand", "'NoneType'"]),
    ("list index out of range", [], ["list index out of range"]),
    ("maximum recursion depth exceeded in comparison", [], ["maximum recursion depth"]),
    ("invalid literal for int() with base 10: 'ada@mail.example'", ["ada@", "mail.example"], ["invalid literal for int()"]),
    ("dictionary update sequence element #0 has length 1; 2 is required", [], ["dictionary update sequence"]),
    ("main.py: error: the following arguments are required: --name", [], ["arguments are required: --name"]),
    ("not enough values to unpack (expected 2, got 1)", [], ["expected 2, got 1"]),
    ("Object of type datetime is not JSON serializable", [], ["datetime is not JSON serializable"]),
    ("<_io.TextIOWrapper name='/home/ada/log.txt' mode='w'> is closed", ["ada"], ["is closed", ".txt"]),
    ('File "/opt/company/app/main.py", line 12, in run', ["company"], [".py", "line 12, in run"]),
    ("time data '2024-13-01' does not match format '%Y-%m-%d'", [], ["does not match format"]),
    ("asyncio.run() cannot be called from a running event loop", [], ["running event loop"]),
    ("Task exception was never retrieved", [], ["never retrieved"]),
    ("[Errno 36] File name too long: '/tmp/ada-0001/aaaa.json'", ["ada-0001"], ["File name too long", ".json"]),
    ("[Errno 2] No such file or directory: '~/.ssh/id_made_up'", ["id_made_up", ".ssh"], ["No such file"]),
    ("could not convert string to float: '12,5'", [], ["could not convert string to float"]),
    # pip and packaging
    ("npm_config_cache is not set; pk_users_email is violated; hf_hub_download failed", [], ["npm_config_cache", "pk_users_email", "hf_hub_download"]),
    ("region asia-south1 or asia-northeast1 is not enabled", [], ["asia-south1", "asia-northeast1"]),
    ("Could not find a version that satisfies the requirement made-up==9.9 (from versions: 1.0, 1.1)", [], ["made-up==9.9", "1.0, 1.1"]),
    ("No matching distribution found for made-up", [], ["No matching distribution found for made-up"]),
    ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/usr/lib/python3/dist-packages'", ["/usr"], ["Could not install packages", "Permission denied"]),
    ("Looking in indexes: https://ada:hunter2@packages.made-up.example/simple", ["ada", "hunter2"], ["Looking in indexes"]),
    ("HTTP error 403 while getting https://packages.made-up.example/a/b.whl?X-Token=hunter2", ["hunter2"], ["HTTP error 403 while getting"]),
    ("made-up 2.0 has requirement other<3, but you have other 3.1.", [], ["has requirement other<3", "3.1"]),
    ("Failed building wheel for made-up", [], ["Failed building wheel for made-up"]),
    ("error: subprocess-exited-with-error: python setup.py egg_info in /tmp/pip-req-build-x1y2z3/", ["x1y2z3"], ["subprocess-exited-with-error"]),
    ("THESE PACKAGES DO NOT MATCH THE HASHES: expected sha256 " + HEX32, [HEX32], ["DO NOT MATCH THE HASHES"]),
    ("WARNING: The directory '/home/ada/.cache/pip' is not owned by the current user", ["ada", ".cache"], ["not owned by the current user"]),
    # git
    ("fatal: repository 'https://github.example/ada/secret-repo.git/' not found", ["secret-repo", "ada"], ["fatal: repository", "not found"]),
    ("fatal: unable to access 'https://ada:" + GITHUB + "@github.example/org/repo/': Could not resolve host", [GITHUB, "org/repo"], ["unable to access", "Could not resolve host"]),
    ("git@github.example: Permission denied (publickey).", ["git@github"], ["Permission denied (publickey)"]),
    ("fatal: not a git repository: /home/ada/merger/.git", ["merger"], ["not a git repository"]),
    ("error: failed to push some refs to 'ssh://git@192.0.2.3:2222/org/repo.git'", ["192.0.2.3", "org/repo"], ["failed to push some refs"]),
    ("fatal: unable to auto-detect email address (got 'ada@made-up-host.(none)')", ["ada@", "made-up-host"], ["unable to auto-detect email address"]),
    ("error: object file .git/objects/0f/1e2d3c4b5a69788796a5b4c3d2e1f0 is empty", ["1e2d3c4b5a69788796"], ["object file", "is empty"]),
    ("CONFLICT (content): Merge conflict in src/payroll/salaries.py", ["payroll", "salaries"], ["Merge conflict"]),
    ("Author identity unknown: Ada Lovelace", ["Lovelace"], ["Author identity unknown"]),
    ("fatal: detected dubious ownership in repository at '/srv/git/made-up'", ["srv"], ["dubious ownership"]),
    # HTTP clients
    ("HTTPSConnectionPool(host='api.made-up.example', port=443): Max retries exceeded with url: /v1/users/ada?token=hunter2", ["hunter2", "users", "ada"], ["Max retries exceeded", "443"]),
    ("404 Client Error: Not Found for url: https://api.made-up.example/customers/4711", ["4711", "customers"], ["404 Client Error: Not Found"]),
    ("401 Client Error: Unauthorized for url: https://ada:hunter2@api.made-up.example/", ["hunter2", "ada"], ["401 Client Error: Unauthorized"]),
    ("Server disconnected without sending a response.", [], ["Server disconnected without sending a response."]),
    ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)", [], ["CERTIFICATE_VERIFY_FAILED", "_ssl.c:1006"]),
    ("Cannot connect to host 198.51.100.7:443 ssl:default [Connection timed out]", ["198.51.100.7"], ["Cannot connect to host", "Connection timed out"]),
    ("Cannot connect to host [2001:db8::7]:443", ["2001:db8"], ["Cannot connect to host"]),
    ("Invalid header value b'Bearer " + OPENAI + "'", [OPENAI], ["Invalid header value"]),
    ("Authorization: Bearer " + JWT, [JWT, "eyJ"], ["Authorization"]),
    ("Proxy URL had no scheme: ada:hunter2@proxy.made-up.example", ["hunter2"], ["Proxy URL had no scheme"]),
    ("<urlopen error [Errno -2] Name or service not known>", [], ["Name or service not known"]),
    ("HTTP Error 500: Internal Server Error", [], ["HTTP Error 500: Internal Server Error"]),
    ("Exceeded 30 redirects.", [], ["Exceeded 30 redirects."]),
    ("Read timed out. (read timeout=10)", [], ["Read timed out. (read timeout=10)"]),
    ("Cookie: sessionid=hunter2hunter2; path=/", ["hunter2"], ["Cookie"]),
    ("Failed to parse: http://[made-up", [], ["Failed to parse"]),
    ("Incomplete read: 120 bytes read, 400 more expected", [], ["120 bytes read, 400 more expected"]),
    ("Redirect to http://127.0.0.1:9905/callback?state=abc&api_key=hunter2", ["hunter2", "state=abc"], ["Redirect to"]),
    # databases
    ('connection to server at "db.internal" (192.0.2.20), port 5432 failed: FATAL: password authentication failed for user "ada"', ["192.0.2.20", "ada"], ["password authentication failed", "5432"]),
    ('could not translate host name "db" to address: Temporary failure in name resolution', [], ["could not translate host name", "Temporary failure"]),
    ("(psycopg.OperationalError) postgresql://ada:hunter2@db:5432/payroll", ["hunter2", "ada", "payroll"], ["OperationalError"]),
    ('duplicate key value violates unique constraint "users_email_key" DETAIL: Key (email)=(bob@mail.example) already exists.', ["bob@"], ["duplicate key value violates unique constraint"]),
    ('null value in column "name" violates not-null constraint', [], ["violates not-null constraint"]),
    ('relation "orders" does not exist', [], ["does not exist"]),
    ("Access denied for user 'ada'@'198.51.100.20' (using password: YES)", ["ada", "198.51.100.20"], ["Access denied for user"]),
    ("Can't connect to MySQL server on '192.0.2.30:3306' (111)", ["192.0.2.30"], ["Can't connect to MySQL server"]),
    ("unable to open database file: /home/ada/finance.db", ["finance"], ["unable to open database file", ".db"]),
    ("database is locked", [], ["database is locked"]),
    ("no such table: salaries", [], ["no such table"]),
    ('near "SELEC": syntax error', [], ["syntax error"]),
    ("mongodb+srv://ada:hunter2@cluster.made-up.example/?retryWrites=true: ServerSelectionTimeoutError", ["hunter2", "retryWrites"], ["ServerSelectionTimeoutError"]),
    ("Error 111 connecting to redis.internal:6379. Connection refused.", [], ["Connection refused", "6379"]),
    ("redis://:hunter2@127.0.0.1:6379/0 AUTH failed", ["hunter2"], ["AUTH failed"]),
    ("WRONGPASS invalid username-password pair or user is disabled.", [], ["WRONGPASS"]),
    ("ORA-12154: TNS:could not resolve the connect identifier specified", [], ["ORA-12154"]),
    ("deadlock detected", [], ["deadlock detected"]),
    ("DSN=warehouse;UID=ada;PWD=hunter2", ["hunter2", "ada"], ["DSN"]),
    # cloud SDKs
    ("An error occurred (AccessDenied) when calling the GetObject operation: Access Denied", [], ["AccessDenied", "GetObject"]),
    ("An error occurred (InvalidClientTokenId) when calling the ListBuckets operation: " + AWS, [AWS], ["InvalidClientTokenId", "ListBuckets"]),
    ("User: arn:aws:iam::000000000000:user/ada is not authorized to perform: s3:PutObject", ["ada"], ["is not authorized to perform", "PutObject"]),
    ("aws_secret_access_key=madeUp/0000+madeUp/0000+madeUp/0000+made", ["madeUp"], ["aws_secret_access_key"]),
    ("Unable to locate credentials", [], ["Unable to locate credentials"]),
    ("The security token included in the request is expired", [], ["is expired"]),
    ("403 POST https://storage.made-up.example/b/payroll/o?uploadType=media: ada@mail.example does not have access", ["payroll", "ada@"], ["403 POST", "does not have access"]),
    ("google.auth: AIzamadeUp0000madeUp0000madeUp0000made is not valid", ["AIzamade"], ["is not valid"]),
    ("AADSTS7000215: Invalid client secret provided.", [], ["AADSTS7000215"]),
    ("AccountKey=bWFkZSB1cCBhY2NvdW50IGtleQ==;EndpointSuffix=core", ["bWFkZSB1cCB"], ["EndpointSuffix"]),
    ("Subscription 00000000-1111-2222-3333-444444444444 not found", ["444444444444"], ["Subscription", "not found"]),
    ("kubeconfig: Unable to read /home/ada/.kube/config", ["ada"], ["Unable to read"]),
    ("Error from server (Forbidden): pods is forbidden", [], ["pods is forbidden"]),
    ("denied: requested access to the resource is denied: registry.made-up.example/team/image", [], ["requested access to the resource is denied"]),
    ('Error loading key "/home/ada/.ssh/id_ed25519": error in libcrypto', ["id_ed25519"], ["error in libcrypto"]),
    # tokens by their makers
    ("Bad credentials for " + GITHUB, [GITHUB], ["Bad credentials"]),
    ("github_pat_11MADEUP0000madeUp0000_madeUp0000 is revoked", ["11MADEUP"], ["is revoked"]),
    ("invalid_auth: " + SLACK, [SLACK], ["invalid_auth"]),
    ("Invalid API Key provided: " + STRIPE, [STRIPE], ["Invalid API Key provided"]),
    ("Incorrect API key provided: " + OPENAI, [OPENAI], ["Incorrect API key provided"]),
    ("invalid key " + ARCADE, [ARCADE], ["invalid key"]),
    ("personal key " + POSTHOG + " lacks scope", [POSTHOG], ["lacks scope"]),
    ("glpat-madeUp0000madeUp0000 expired", ["glpat-made"], ["expired"]),
    ("npm_madeUp0000madeUp0000madeUp0000madeUp is not a member", ["npm_made"], ["is not a member"]),
    ("hf_madeUpmadeUpmadeUpmadeUp cannot read this model", ["hf_made"], ["cannot read this model"]),
    ("pypi-AgEImadeUpmadeUpmadeUpmadeUp refused", ["AgEImade"], ["refused"]),
    ("jwt " + JWT + " has expired", [JWT, "eyJ"], ["has expired"]),
    ("signature " + HEX32 + " does not match", [HEX32], ["does not match"]),
    ("unknown value " + RANDOM, [RANDOM], ["unknown value"]),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nbWFkZSB1cA==\n-----END OPENSSH PRIVATE KEY----- is encrypted", ["bWFkZSB1cA"], ["is encrypted"]),
    ("MADE_UP_SECRET='hunter2 hunter2' is not allowed", ["hunter2"], ["is not allowed"]),
    ('{"error": "denied", "client_secret": "hunter2"}', ["hunter2"], ["denied"]),
    ("tool --api-key hunter2 failed", ["hunter2"], ["tool", "failed"]),
    ("tool --password=hunter2 exited with 1", ["hunter2"], ["exited with 1"]),
    ("login failed: user=bob password=hunter2", ["hunter2"], ["login failed"]),
    ("x-api-key: hunter2hunter2", ["hunter2"], ["x-api-key"]),
    # systems, processes, networks
    ("bash: made-up: command not found", [], ["command not found"]),
    ("Segmentation fault (core dumped)", [], ["Segmentation fault"]),
    ("Command '['git', 'clone', 'https://ada:hunter2@github.example/a']' returned non-zero exit status 128.", ["hunter2"], ["returned non-zero exit status 128"]),
    ("Command 'ssh ada@192.0.2.40' timed out after 30 seconds", ["ada@", "192.0.2.40"], ["timed out after 30 seconds"]),
    ("made-up-host: Name or service not known", ["made-up-host"], ["Name or service not known"]),
    ("ssh: connect to host 203.0.113.9 port 22: No route to host", ["203.0.113.9"], ["connect to host", "port 22: No route to host"]),
    ('rsync: failed to set times on "/mnt/backup/ada": Operation not permitted (1)', ["backup", "ada"], ["failed to set times", "Operation not permitted"]),
    ("tar: /home/ada/taxes-2023.tar.gz: Cannot open", ["taxes"], ["Cannot open"]),
    ("Too many open files: 'C:/Users/ada/AppData/Local/made-up.lock'", ["ada", "AppData"], ["Too many open files", ".lock"]),
    ("\\\\fileserver\\finance\\2024.xlsx is locked for editing", ["fileserver", "finance"], ["is locked for editing"]),
    ("mount: /mnt/usb: special device /dev/sdb1 does not exist.", ["usb"], ["mount", "does not exist"]),
    ("Killed: out of memory (8192 MiB)", [], ["out of memory (8192 MiB)"]),
    ("bind: address 0.0.0.0:8080 already in use", ["0.0.0.0"], ["already in use"]),
    ("docker: Error response from daemon: pull access denied for made-up/image", [], ["pull access denied"]),
    ("dial unix /var/run/docker.sock: connect: permission denied", ["/var/run"], ["connect: permission denied", ".sock"]),
    ("Host key verification failed for ada", ["ada"], ["Host key verification failed"]),
    ("MAC mismatch from fe80::1ff:fe23:4567:890a", ["fe23"], ["MAC mismatch"]),
    ("CONFLICT (add/add): Merge conflict in docs/plan.md.", ["docs/", "plan"], ["(add/add)", ".md"]),
    ("got application/json and text/plain from HTTP/1.1, read/write and n/a", [], ["application/json and text/plain from HTTP/1.1, read/write and n/a"]),
    # tools and agents
    ("Tool Math.Add failed: invalid literal for int()", [], ["Tool Math.Add failed"]),
    ("toolkit 'made_up' is not installed", [], ["toolkit 'made_up' is not installed"]),
    ("Rate limit reached for requests: limit 3 per minute", [], ["Rate limit reached", "limit 3 per minute"]),
    ("This model's maximum context length is 8192 tokens", [], ["maximum context length is 8192 tokens"]),
    ("Missing required argument 'channel' for Slack.SendMessage", [], ["Missing required argument 'channel'", "Slack.SendMessage"]),
    ("Could not refresh the login of ada.l@mail.example at https://cloud.made-up.example/oauth?code=hunter2", ["ada.l@", "hunter2"], ["Could not refresh the login"]),
    ("schema mismatch: expected integer, got string at $.items[0].id", [], ["expected integer, got string"]),
    ("unexpected token '<' in JSON at position 0", [], ["unexpected token", "position 0"]),
    ("yaml: line 4: mapping values are not allowed in this context", [], ["mapping values are not allowed"]),
    ("template error: 'user' is undefined", [], ["is undefined"]),
    ("worker 3 exited with signal 9", [], ["worker 3 exited with signal 9"]),
    ("retrying in 2.5 seconds (attempt 3 of 5)", [], ["attempt 3 of 5"]),
]  # fmt: skip


def test_the_corpus_is_large_and_each_row_is_another() -> None:
    assert len({message for message, _, _ in ROWS}) == len(ROWS) >= 150


@pytest.mark.parametrize(("message", "goes", "stays"), ROWS)
def test_a_message_keeps_what_is_of_use_and_nothing_of_the_user_s(
    message: str, goes: list[str], stays: list[str]
) -> None:
    said = REDACTOR.redact(message, 10_000)
    assert [piece for piece in goes if piece in said] == [], said
    assert [piece for piece in stays if piece not in said] == [], said


@pytest.mark.parametrize("message", [message for message, _, _ in ROWS])
def test_a_message_within_another_is_redacted_as_well(message: str) -> None:
    """Chained exceptions and wrappers quote what they wrap."""
    goes = next(pieces for text, pieces, _ in ROWS if text == message)
    for around in (f"step failed: {message}", f"({message})", f"[{message}]; giving up"):
        said = REDACTOR.redact(around, 10_000)
        assert [piece for piece in goes if piece in said] == [], said
