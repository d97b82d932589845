"""The words that programs say of what went wrong: no names, no places, nothing of anybody's life."""

from __future__ import annotations

WORDS = frozenset(
    """
abandoned abbreviated abc abcs abi able abort aborted about above abruptly abs absence absent
absolute abstract accelerated accept acceptable accepted accepting accepts access accessdenied
accessed accessing accesskey accessor accompanying according accordingly account accounts
accuracy achieved acknowledge acknowledged acl acls acquire acquired acquiring across action
actions activate activated activation active actual actually adapter adapters adaptive add added
adding addition additional addr address addressable addresses adjacent adjust adjusted adjusting
admin administrator admission adopt advance advanced advertise advertised advised aes affect
affected affects affinity after again against agent agents aggregate aggregates ai aiohttp alarm
alembic alert alerts alg algorithm algorithms alias aliased aliases align aligned alignment
alignments alive all allocate allocated allocation allocator allow allowed allows almost alone
along alpha already also alt alter alternate alternative alternatives always am ambiguous
amended amount amounts an analysis analyze analyzing ancestor and android annotated annotating
annotation annotations anode anonymous another ansi answer answered anti any anymore anything
anyway anywhere api apiserver apk app appear appears append appended appending applicable
application applied apply applying appropriate apt arbitrary arch archive archived archives are
aren arg argparse args argument arguments argv arithmetic arm arn around arr array arrays arrow
as ascii asgi aside ask asked asof assert assertion assertions assign assigned assignment
associated assumed assuming assumption ast async asynccontextmanager asynchronous asynchronously
asyncio asyncpg at atexit atomic atomicity attach attached attachment attempt attempted
attempting attempts attestation attr attribute attributes attrs audio audit audited auth
authenticate authenticated authenticating authentication authenticator author authoritative
authorities authority authorization authorize authorized authors auto autocommit autoload
automatic automatically autoscaling available avoid avoided await awaitable awaited aware aws
awscli axes axis azure babel back backend backends background backgrounds backing backlog
backoff backslash backtrace backup backups backward backwards bad badly balancer bandwidth
banned bare barrier base based bases bash basic batch batched batches be bearer because become
becomes been before begin beginner beginning begins behavior behaviour behind being belong
belongs below benchmark best beta better between beyond bidi big bigint bin binaries binary bind
binding bins bit bitrate bits bitwise blank blob blobs block blocked blocker blocking blocks
bodies body bool boolean booleans boot booted bootstrap border both boto botocore bottom bounce
bound boundary bounded bounds bracket bracketed brackets branch branched branches break breaker
breakpoint breaks brew bridge bridging brief broadcast broken broker brokers brotli browse
browser browsers btree bucket buckets buffer buffering buffers bufsize bug buggy bugs build
building buildkit builds buildx built builtin builtins bump bundle bundled bundler bundles bus
busy but by bypass bypassed byte bytea bytearray bytecode bytes bz bzip ca cache cached caching
calculate calculated calculation call callable callables callback called callee caller calling
calls camera can cancel canceled cancellation cancelled cancelling candidate cannot canonical
cant capabilities capability capacity capture captured capturing cardinality care cargo carriage
carries carry cascade case cases cast casted catalog catch categorical categoricals categories
category caught cause caused cd celery cell cells center centos central cert certfile
certificate certificates cfg cgi cgroup chain change changed changelog changes changeset
changing channel channels char character characters chardet chars charset chart charts cheap
check checkable checked checker checkers checking checks checksum child children chmod choice
choices choose choosing chose chosen chown chroot chunk chunked chunks chunksize ci cidr cipher
ciphers circuit circular cite claim clash clashing class classes classmethod clause clauses
clean cleaning cleanup clear cli click client clients clip clipboard clock clone cloned cloning
close closed closes closest closing cloud cloudformation cloudwatch cls cluster clusterip
clusters cmake cmd cn code codec codename codepoint codes coding coerce cohort col cold
collation collect collected collecting collection collector collides collision colon color cols
colspecs column columns com combination combinations combine combined combiner combining comma
command commands commas comment comments commit committed committing common commonpath
communicate communication communications compaction compare compares comparison comparisons
compartment compatibility compatible competing compilation compile compiled compiler compiling
complain complains complaint complete completed completely completing completion completions
complex compliant comply component components compose composed composite compound compounds
comprehension compress compressed compression compresslevel compressor comprised compute
computed concatenate concatenation concrete concurrency concurrent concurrently cond conda
condition conditional conditions config configmap configmaps configuration configurations
configure configured confirm confirmation confirmed conflict conflicted conflicting conflicts
congestion conn connect connectable connected connecting connection connections connectivity
connector consecutive consensus consent consequently conservative consider considered consistent
consistently console consoles const constant constants constraint constraints construct
constructed constructing constructor constructors constructs consult consume consumed consumer
consumers consumption contact contacted contain contained container containerd containers
containing contains content contention contents context contiguous continuation continue
continued continues continuing contract contracts control controlled controller controllers
convention conversion convert converted converter convertible converting cookie cookies
coordinator copied copies copy copying core corner coroutine correct corrected correcting
correctly correlated correlation correspond corresponding corresponds corrupt corrupted
corruption corrupts costs could couldn count counter counters counts covariance coverage covered
cpp cpu cpus crash crashed crashes crashing crashloopbackoff crc crd crds create created creates
creating creation credential credentials critical crl cron cronjob cross crypt cryptographic
cryptography csi csr css ctrl ctypes cuda cumulative cur curl curly currency current currently
cursor custom customise customize cut cycle cycles cyclic cyclone cygwin daemon daemons
daemonset damaged dangerous dangling dark dash dashboard data database dataclass dataclasses
dataframe datagram dataset datasets datasource datastore datatype datatypes date dates datetime
datetimes dateutil day days db dead deadline deadlines deadlock deadlocked deadlocks deal
dealing deb debian debug debugger debugging decide decided decimal decimals declaration
declarations declare declared declares declaring decline declined decodable decode decoded
decoder decoding decompress decompression decompressor decorated decorating decorator decorators
decreased decreasing dedicated deduplicate deep def default defaulting defaults defect defective
defer deferrable deferred define defined defines defining definition definitions degraded del
delattr delay delayed delays delegate delegated delegation deletable delete deleted deleting
delimited delimiter delimiters delivered delivery delta demand denied denominator deny denying
depended dependencies dependency dependent dependents depending depends deploy deployed
deploying deployment deployments deprecated deprecation deprecations deps depth der dereference
derivation derive derived describe describing description descriptions descriptor
deserialization deserialize deserialized designed desired dest destination destroy destroyed
destructive detach detached detail detailed details detect detected detecting detection
determine determined determining deterministic dev develop developer developers development
deviates device devices devtools dh dhcp diagnostic diagnostics dial dialect dialing dict
dictionaries dictionary dicts did didn died diff differ difference different differs diffs
digest digit digits dimension dimensional dimensions dims dir direct direction directionality
directive directives directly directories directory dirs dirty disable disabled disabling
disallowed disambiguate disappeared disassemble discarded discarding disconnect disconnected
disconnects discouraged discover discovered discovering discovery discriminator disk disks
dispatch dispatcher display displayed displaying disposition dist distance distinct distribute
distributed distribution distributions distro distutils diverged divide division django dlpack
dns do doc docker dockerd dockerfile docs docstring docstrings doctor document documentation
documented documents docutils does doesn doing domain domains don done dont dot dotenv dots
dotted double down downgrade downgraded downgrading download downloaded downloading downloads
drained draining drive driver drivers drop dropped dropping drops dry dsa dst dt dtd dtype
dtypes dual dubious due dumb dump dumped dumping dumps duplicate duplicated duplicates durable
duration during dylib dynamic dynamically dynamodb eacces each eaddrinuse eagain eager earlier
earliest early ec ecdsa econnrefused econnreset ecr ecs ed edge edit editable edited editing
edition editor eexist effect effective eg egg ehostunreach eight einval eisdir either eks
elapsed elasticsearch elected election elem element elements elevated eleven elf eligible
ellipsis elliptic elsewhere email embed embedded emfile emit emits emitted emoji emptied empty
emulation en enable enabled enables enabling encloses enclosing encodable encode encoded encoder
encoding encodings encounter encountered encounters encrypted encrypting encryption end ended
ending endless endpoint endpoints ends enforce enforced enforcement enforces engine engines
enhance enlarge enoent enospc enosys enotdir enotfound enough enqueue enqueued ensure enter
entered entering enterprise entire entirely entities entitled entitlement entity entries entry
entrypoint enum enumerate enumeration env envelope environ environment environments eof eperm
ephemeral epipe epoch eq equal equivalent erased err errimagepull errno erroneous error errored
errors escape escaped escapes eslint establish established establishing estimate estimated etag
etc etcd ethernet etimedout etree eval evaluate evaluated evaluating even event events every
everything evicted eviction exabyte exact exactly examine example examples exc excclass exceed
exceeded exceeding exceeds except exception exceptions excess exchange exchanged exclude
excluded excludes excluding exclusive exe exec executable executables execute executed executing
execution executor execve exhaust exhausted exhaustion exist existent existing exists exit
exited exiting exits expand expanded expansion expect expectation expected expecting expects
expensive experimental expiration expire expired expiredtoken expires expiring explain explained
explanation explicit explicitly exponent exponential export exported exporter exporting exports
exposed exposes expr expression expressions expressly ext extend extended extending extends
extension extensions extent external externally extra extract extracted extraction extras fabric
facility factory fail failed failing failover fails failure failures fairly fall fallback
falling falls false family fargate fast fastapi fatal fault faulty favicon favorite favour fd
fds feather feature features federated fedora feed feedback feedparser fence fetch fetched
fetches fetching few fewer field fields fifo fifteen file filehandle filename filenames fileno
fileobj files filesize filesystem fill filter filtered filtering filters final finalize
finalizing finally find finder finding finds fingerprint fingerprints finish finished finite
firewall firmware first fit five fix fixed fixes fixing fixture flag flagged flags flake flaky
flask flat flatten flaws flexible flights flip flit float floating floats flooded flow flush
flushed flushing fmt fn fname focus fold folder follow followed following follows font fonts foo
foot footer footprint for forbidden forbids force forced forces forcibly forcing foreground
foreign forget fork forked forking form format formats formatted formatter formatting formed
forth forward forwarding forwards found foundation four fp fraction fractional fragment
fragmentation fragments frame frames framework frameworks free freed freeze freezing frequency
frequent frequently fresh freshness from fromkeys fromutc frontend frozen fs fspath fsync
fulfilled full fully func function functional functionality functions functools further fuse
future futures fuzzing gap gaps garbage gatekeeper gateway gather gating gb gcc gcloud gcp gem
generate generated generates generating generation generator generators generic generics geo
geometric get getaddrinfo getitem getopt gets getstate getter getting ghz gib gid gigabytes gil
git github gitlab give given glibc glob global globals gnu go golang gone google got gpg gpu
gpus gracefully gradle grain grammar grant granted grants granularity graph graphics graphql
greater grep grew grid group grouped grouping groups grow growing grows grpc guarantee
guaranteed guard guess guessing guest gufunc gui guidance guide gunicorn gz gzip gzipped had
halt halted handle handled handler handlers handles handling handshake hang hanging hangs hangup
happen happened hardlink hardware harmful has hash hashable hashed hashes hasn hatch have haven
having he head header headers headless headroom healthcheck healthy heap heartbeat heavy heights
held helm help helper helps here heuristic hex hexadecimal hibernate hibernated hidden hides
hierarchical hierarchy high higher highly hint hints histogram history hit hits hmac hold holder
holding holds home homebrew hook hooks hop hops horizontal host hosted hosting hostkey hostkeys
hostname hostnames hosts hot hotfix hour hours how however hr hrs html http httpcore httplib
https httpx hub hundred hung hypervisor hyphen hyphens hypothesis hz iam iana ico icon id ide
idempotency idempotent identical identification identifier identifiers identify identities
identity idle idna ids ie if ignore ignored ignores ignoring ill illegal iloc im image
imagepullbackoff images imaginary imap imgs immediate immediately immutable impersonate
impersonation implement implementation implemented implicit implicitly implies imply import
importable imported importing importlib imports impose impossible improper in inaccessible
inactive inappropriate inbound incident include included includes including incoming
incompatible incomplete inconsistencies inconsistency inconsistent incorrect increase increasing
incref increment incremental incremented ind indefinitely indent indentation independent index
indexable indexed indexes indexing indicate indicated indicates indicator indicators indices
indirect individual inertia inet inf infer inference inferred inferring infile infiles infinite
infinity info information infra infrastructure ingest ingress ingressclass inherit inheritance
inherited inheriting inherits inhibit init initdb initial initialise initialised initialization
initialize initialized initializer initializing initiate initiated injected injection inline
inner innodb inode inodes inotify inplace input inputs insecure insert inserted inserting
inserts inside inspect inspected install installable installation installed installer installing
installs instance instances instantiate instantiated instantiating instantiation instead
instructed instruction instructions instrument insufficient int intact integer integers integral
integrate integrated integration integrations integrity intel intend intended intention
intentional intentionally interactions interactive interacts intercept interchange interface
interfaces interfere intermediate intermittent internal internals interpolation interpret
interpreted interpreter interrupt interrupted interruption intersect intersection intersects
interval intervals into introduced introspection invalid invalidated invalidation inverse invert
investigate invocation invocations invoke invoked invoking involve involved io ioctl ip iptables
ipv ipywidgets irrecoverable irreversible is isinstance islice isn iso isoformat isolate
isolated isolation isort issubclass issue issued issuer issues issuing it item items iter
iterable iterables iterate iteration iterator iterparse its itself jar java javac javascript
jdbc jdk jenkins jest jinja job jobs join joined joiner joining jpg json jsonb jsonrpc jump
junction jupyter just jvm jwks jwt kafka kb keep keeping keeps keras kerberos kernel key
keyboard keychain keyfile keyid keyring keys keyserver keyspace keystore keyword keywords khz
kib kill killed kilobytes kind kinds kms know knowing known kube kubeconfig kubectl kubelet
kubernetes kw kwarg kwargs label labeled labelled labels lack lacks lambda lan lang language
large larger last lasted latch latency later latest latex launch launched launcher launching
layer layers layout lazy ldap le leader leading leak leaks lease leases least leave leaves
leaving ledger left legacy len length lengths lengthy less let lets letters level levels lexer
lf lib libc libcrypto libpq libraries library libssl license licensed licenses lifespan lifetime
lift lightweight like likely likes limit limited limiter limiting limits line linear lineno
lines link linker linking linkname links linter linux list listdir listed listening listing
lists lite literal literals liveness ll load loadable loadbalancer loaded loader loaders loading
loc local locale localhost locally locate located location locations locator lock locked
lockfile locking locks log logged logger logging logic logical login long longer look looking
looks lookup lookups loop loopback looped loss lossy lost lots low lower lowercase ls lucene
lxml lzma mac machine macro macros made magic magnitude mailbox main maintain maintained
maintainer maintaining maintenance major make makes making malformed malicious mamba managed
manager manages managing mandatory manifest manifests manipulated manual manually many map
mapped mapping mappings maps mariadb markdown marked marker markers marking marks markup mask
masked mastered match matched matches matching material math matplotlib matrices matrix maven
max maximum maxsize may maybe mb md meaning meaningless means meant measure measured measurement
mebibytes mechanism media medium megabytes member members membership memcached memory memoryview
mentioned mentions menu mere merge merged merges merging message messages messaging meta
metaclass metaclasses metadata metavar metered method methods metric metrics mhz mib micro
microseconds microsoft mid middle middleware might migrate migrated migrates migrating migration
migrations milliseconds mime mimetype min mingw minimal minimize minimum mining minor mins minus
minute minutes mirror mirrors misconfigured misdirected mismatch mismatched mismatches misplaced
missed missing mistake mistyped misuse misused mitigated mix mixed mixin mixing mkpath mobile
mode model models modes modification modified modifier modifiers modifies modify modifying
module modulenotfound modules moment mongo mongod mongodb monitor monitored monitoring monotonic
monotonically more most mount mounted mounting mounts mouse move moved moving mro ms msg msvc
msvcrt mtls mtu much multi multibyte multicast multidimensional multihop multipart multiple
multiplex multiply multiprocessing must mutable mutate mutated mutation mutex mutual mutually
mvn mypy mypyc mysql mysqld na naive name named namedtuple nameprep names nameserver namespace
namespaced namespaces nan nanosecond nanoseconds nargs nat native navigate nchar ndarray ndim
near nearest nearly necessary need needed needs negative negotiate negotiated negotiates
negotiating negotiation neither nest nested nesting netrc network networking networks neutral
never new newer newest newline newlines next nfc nginx nightly nil nine nineteen nix no nobody
node nodejs nodeport nodes noise nomodule non nonce none nonempty nonexistent nonfatal
nonnegative nonnumeric nonstandard nonzero nor norm normal normalization normalized normalizer
nosuchbucket nosuchkey not notation note noted notes notfound nothing notice noticed
notification notifications notified notify now nox npm npx nt nul null nullability nullable num
number numbered numbering numbers numeral numeric numerical numpy nvarchar oauth obey obj object
objects obscure observe observed obsolete obtain obtained obvious occasionally occupied occupies
occupy occur occurred occurrence occurrences occurring occurs ocsp octet odd of off offset
offsets oid oidc ok old older ollama omit omitted omitting on once one oneof only onnx onto
onwards oom oomkilled oops op opaque opcode open openai openapi opened opener opening opens
openssh openssl operand operands operate operating operation operational operations operator
operators opt optimization optimizations optimize option optional options opts or oracle
orchestration order ordered ordering ordinal ordinals ordinary org origin original origins
orphan orphaned orphans os otel other others otherwise ought our out outage outbound outcome
outdated outer outfile outgoing outline output outputs outside outstanding over overall
overcommit overflow overhead overlap overlapped overlapping overlaps overlay overload overloaded
overloading overlong overridable overridden override overrides overriding overrun overwrite
overwrites overwriting overwritten own owned owner owners ownership package packages packaging
packed packet packets pad padded padding page pages paginate pagination paging pair paired pairs
pandas panic panicked paragraph parallel param parameter parameterized parameters
parametrization parametrize parametrized params paren parens parent parentheses parenthesis
parenthesized parents parity parquet parse parseable parsed parser parsers parses parsing part
partial partially participant partition partitioning partitions parts pass passed passes passing
passphrase passthrough password passwordless passwords past pasted patch patched patches
patching path paths pattern patterns paused pausing payload payloads payment pdf pdm peculiar
peek peer peers pem pending pep per percent percentiles perfect perform performance performed
performing performs perhaps period permanent permanently permission permissions permit permits
permitted persist persisted persistence persistent petabytes pgbouncer pgp phase phases phys
physical pick picked picklable pickle pickled pid pieces pin ping pinned pinning pip pipe piped
pipeline pipelines pipenv pipes pivot pkcs pkg place placed placeholder placeholders placement
places plain plan plane planned planner plat platbase platform platforms please plugin plugins
png pnpm pod podman pods poetry point pointer pointing points policies policy poll polled poller
polling polynomial pool pools poor pop popen popped populate populated port ports pos position
positional positionally positioned positive possibilities possible possibly post postgres
postgresql postpone postponed postprocess power powershell pprint practice pre precedence
precedes preceding precise precision precondition preconditions predecessor predefined predicate
prediction preempted prefer preference preferences preferred prefetch prefix prefixed prefixes
preflight preload premature prematurely premium preparation prepare prepared preparing prepend
prepended preprocessor prerelease prerequisite prerequisites presence present presented preserve
preserved preset presigned pressed pressure pretty prevent prevented prevents preview previous
previously primary primes primitive principal principals print printable printed printer printf
printing prints prior priority private privilege privileged privileges privs probably probe
probed probes problem problems proc procedure procedures proceed process processes processing
processor procs prod produce produced producer produces producing product production prof
profile profiles profiling prog program programmatic programs progress prohibited prohibits
project projection prolog prometheus promise promises promoted prompt prompts propagate
propagated propagation proper properly properties property protected proto protobuf protocol
protocols provide provided provider providers provides providing provision provisioned
provisioning proxied proxies proxy prune pruned pseudo psf psql psycopg pub pubkey public
publickey publish published publisher pull pulled pulling pulls punycode pure purged purging
purpose push pushed pushes pushing put putting pv pwd px py pyarrow pyc pyconfig pydantic
pygments pygmentsdoc pylint pylock pymysql pypi pyproject pytest python pyyaml qualified
qualifier quantile quantiles quarantined quarter queries query queue queued queueing quick
quickly quiet quietly quit quite quitting quorum quota quotas quotation quote quotechar quoted
quotes quoting rabbitmq race raid raise raised raises ram ran random randrange range ranges rank
rapid rare rarely rate rates rather raw rb rd rds re reach reachable reached reaches react
reacted read readable reader readiness reading readinto readline readme readonly reads
readthedocs ready real realm reason reasons rebalance rebase rebased rebasing rebinding reboot
rebooted rebuild recalculated receive received receiver receivers receives receiving recent
recently recipient recipients recognise recognised recognize recognized recommend recommended
recommends recompile recompiled reconcile reconciled reconciliation reconnect reconnecting
reconnection reconnects record recorded records recover recoverable recovered recovering
recovery recreate recreated recreating recurring recurse recursing recursion recursive
recursively recv recycled redeclared redefine redefined redefinition redelivered redeploy
redirect redirected redirecting redirects redis reduce reduced reduces reduction redundant
reenable reentrant reentry ref refcount refer reference referenced references referencing
referential referrer refers refetch refinement refresh refreshing refs refuse refused refuses
refusing regardless regenerate regenerated regex regexp region regional regions register
registered registering registers registration registries registry regular reindex reinitialize
reinstall reject rejected rejecting rejection rejects relabel relate related relation relations
relationship relationships relative relay release released releases relevant reliable relies
relink reload reloaded reloading relocated rely remain remaining remains remap remarks
remediation remember remembered reminder remote remotely remount removal remove removed removing
rename renamed render renderable rendering renders renew renewal renewed renewing reopen
reopened reordered repair repaired repeat repeatable repeated repeatedly repeats replace
replaced replacement replacing replay replayed replica replicas replicaset replicate replicated
replication replied reply repo report reported reporter reporting reports repos reposition
repositories repository repr represent representable representation represented representing
represents reproduce reproducible request requested requester requesting requests requeue
requeued require required requirement requirements requires reread rerun rerunnable rerunning
rescan resend resent reserve reserved reset resets resetting resident resize resized resolution
resolvable resolve resolved resolver resolvers resolves resolving resort resource resourcequota
resources respectively responded responding responds response responses responsible rest restart
restarted restore restored restrict restriction result resulted resulting results resume resumed
resumes retained rethrow retried retries retrieval retrieve retrieved retrieving retry retryable
retrying return returncode returned returning returns reusable reuse reuseport reuses reusing
rev revalidate revalidation reverse reversed revert reverted review reviewed revision revisions
revoke revoked rewind rewinding rewrite rewritten rf rfc rfs right risk risky rng role roles
roll rollback rollbacks rolled rolling rollout rollouts rollup root rooted rotate rotated
rotation round rounded rounding rounds route routed router routers routes routine routing row
rows rpc rpm rs rsa rspec rsync ruby rubygems ruff rule rules run runnable runner runners
running runs runtime runtimes rust rustc rustup rwx safe safely said same saml sample sampled
sampler samples sampling san sandbox sandboxed sanitize sas sat satisfiable satisfied satisfies
satisfy satisfying saturated save saved saving saw say says scalar scalars scale scaled scales
scaling scan scanned scanner scanning scans schedule scheduled scheduler scheduling schema
schemas scheme schemes scipy scm scope scoped scoping scrape scratch screen script scripting
scripts scroll sdist sdk seal sealed search searched searches searching sec second secondary
seconds secret secrets secs section sections secure security see seed seeds seeing seek seekable
seeking seem seems seen seg segment segmentation select selected selecting selection selector
selects selenium self selinux sem semantics semaphore semaphores send sendall sendfile sending
sends sendto sense sensitive sent sentence sentinel sentry sep separate separated separately
separating separator separators sequence sequences serde serial serializable serialization
serialize serialized serializer serializing series serve server serverless servers serves
service serviceaccount serving session sessions set setattr setcap setgid setitem sets setstate
setter setting settings settled setuid setup setuptools seven several severe severed severity
sftp sh sha shadowed shadows shallow shape shapes shard shards shared sharing she shebang shell
shells shift shim shipped ships shm short shortage shorten shorter should shouldn show shut
shutdown shutting sibling siblings sid side sides sig sigabrt sigbus sigfpe sighup sigill sigint
sigkill sign signal signaled signals signature signatures signed signer significant signing
signs sigpipe sigsegv sigterm sigusr silence silently similar similarly simple simplified
simulated simulator simultaneously since single singledispatch singleton singular sink site size
sizes sizing skew skip skipped skipping skips sklearn sla slash slated sleep sleeping slice
slices slot slots slow slower slowly slug small smaller smallint smart smb smoke smoothly smtp
smtputf snapshot snapshots sni snippet sns so sock socket sockets socks socksio soft software
solid solution solve solved solver some somebody somehow someone something sometimes somewhere
soon sort sorted source sources space spaces span spans spark sparse spawn spawned spawning spec
special specials specific specifically specification specifications specified specifier
specifiers specifies specify specifying specs speed spelling spent spill spills spin spinner
splice split splits splitter splitting spooled spot spring springs sq sql sqlalchemy sqlite
sqlstate sqs squash src srmount ssh sshd ssl ssm sso st stability stable stack stage staged
stages staging stale standalone standard standby stands stanza star starlette starred start
started starting starts startup starvation stash stashed stat state stateful statefulset
statement states static statically statistics statm stats status statx stays std stderr stdin
stdio stdlib stdout step steps sticky still stime stop stopped stopping storage storageclass
store stored stores storing str strace strange strategies strategy stray stream streamed
streaming streams strftime strict strictly string strings stripe stripped strong strongly
strptime struct structure structures sts stub stuck style styles stylesheet sub subclass
subclassed subclasses subclassing subcommand subdir subdirectory subdirs subject subkey
submission submit submitted submitting submodule submodules subnet subnets suboptimal subpath
subprocess subprocesses subqueries subquery subscribe subscribed subscriber subscribers
subscript subscriptable subscripted subscription subscriptions subscripts subsequent subset
substitution subsystem subtree subtype succeed succeeded succeeding succeeds success successes
successful successfully successor such sudo sudoers suffered suffix suffixes suggest suggested
suggestion suggestions suitable suite suites sum summary sums sunder super superset superuser
supervised supervisor supplied supplies supply supplying support supported supports supposed
suppress sure surface surrogate surrogates survive suspended suspicious svn swap swapped swig
swigging switch switched switches switching sym symbol symbolic symbols symlink symlinks sync
synchronization synchronized synchronous synchronously syntactic syntax sys sysconfig sysctl
sysfs syslog system systemctl systemd systems table tables tablespace tablespaces tabular tag
tagged tags tail taint tainted taints take takes taking tampered tap tar tarfile target targets
task tasks taxonomy tcp teapot tear teardown technical telemetry tell telling telnet temp
template templates temporarily temporary ten tenant tenants tensor tensorflow tensors tentative
terabytes term terminal terminate terminated terminates terminating termination terminator
terraform test tested testing tests text tf th than that the their them theme then there
therefore thereof these they thing third thirty this those though thousand thrashing thread
threads threadsafe three threshold thresholds throttle throttled throttling throttlingexception
through throughput throw throwing thrown throws thus tib tick ticket ticks tied tight time timed
timedelta timedout timeout timeouts timer times timestamp timestamps timestamptz timezone
timezones timings tip title titles tls tmpfs to toast together toggle token tokenize tokens
tolerance tolerated tolerations toml too tool toolchain toolkit toolkits tools tooltip top topic
topics toplevel topology torch total touch tox trace traceback tracer tracing tracked tracker
tracking tracks trades traffic trailer trailers trailing trained training trans transaction
transactional transactions transcode transfer transferred transferring transform transformation
transformed transformer transformers transforms transient transition transitional translate
translated translation transmission transmit transmitted transparent transport trap traversal
traverse treated treating treats tree triage tried tries trigger triggered triggering triggers
trim trimmed trio triples trivial true truncate truncated truncating truncation trust trusted
trustworthy truth try trying tty tune tuning tunnel tunneling tunnels tuple tuples turn twenty
twice two txt type typecode typed typer types typescript typevar typically typing typo tz tzdata
tzinfo tzname tzpath ubuntu udp ufunc ui uid uint ulimit umask un unable unacceptable unaffected
unaligned unallocated unaltered unary unassigned unattended unauthenticated unauthorized
unavailable unaware unbalanced unbind unbound unbuffered unc uncaught uncertain unchanged
unclosed uncommitted uncompilable uncompressed unconditional unconfigured undeclared undefined
undelivered undeploy under underline underlying underscore underscores understand understood
undiscernible undo undocumented undone unencrypted unequal unescaped unexpected unexpectedly
unexportable unfinished unfold unfortunately unfulfilled unhandled unhealthy unicast unicode
unicodedata uniform unindent unindexed uninitialized uninstall uninstalled unintended union
unioned unique uniqueness unit units unittest universal unix unkeyed unknown unless unlikely
unlink unlinked unload unloaded unlock unlocked unmanaged unmapped unmatched unmatching unmerged
unmet unmodified unmount unmounted unnamed unnecessary unneeded unordered unpack unpacked
unpacking unpaired unparsable unparseable unparsed unpickling unplugged unprivileged
unprocessable unprotected unpublished unquoted unreachable unreadable unrecognised unrecognized
unrecoverable unredirected unreferenced unregistered unrelated unreleased unreliable
unreplicated unresolvable unresolved unresponsive unrestricted unrolled unsafe unsafely
unsatisfiable unsatisfied unschedulable unscheduled unsent unserializable unset unsigned
unspecified unstable unstaged unsubscribe unsuccessful unsuitable unsupported untagged untar
unterminated until untracked untrusted untyped unusable unused unusual unvalidated unverifiable
unverified unwanted unwrapped unwrapping unwritable unzip up upcoming update updated updating
upgradable upgrade upgraded upgrades upgrading uplink upload uploads upon upper uppercase upsert
upserts upstream uptime urgent uri url urllib urlopen urls us usable usage usages usb use used
useful useless user userdata userinfo username usernames users uses using usr usually utc
utcoffset utf util utilise utility utilization utils uuid uuids uv uvicorn uvx vacuum vagrant
vague val valid validate validated validating validation validations validator validators
validity validly value valued values vanished var varchar variable variables variance variant
variants vars vary vault vcpu vcs ve vec vector vectors vendor vendors venv verb verbose verbs
verification verified verifier verifies verify verifying version versioned versioning versions
vertex vertical very via video view viewer viewers views violated violates violating violation
violations virtual virtualbox virtualenv virtualenvs virtualization visibility visible visit
visitor visual vite vm vms vocabulary void voided volatile volume volumes vpc vpn vs
vulnerabilities vulnerability wait waited waiting waits waive wakeup wal wan want wanted
warehouse warm warn warning warnings was wasm wasn watch watchdog watched watcher watches
watching wave way wd we weakly weakref web webhook webhooks webpack webserver websocket
websockets weight weighted weights weird well went were weren wget what whatever wheel wheels
when whence where whether which whichever while whilst whitelist whitespace whl whole whose wide
wider width wifi wildcard wildcards will willing win window windows winerror wipe wiped wire
wish with withdraw withdrawn within without won word words work workaround workdir workdirs
worked worker workers workflow workflows working workload workloads works workspace workspaces
worktree worse worth would wouldn wrap wrapped wrapper wrappers wrapping wraps writable write
writeable writelines writer writes writing written wrong wrongpass wrongtype wrote wsgi wsl
xcode xdist xenix xfs xml xp xs xz yaml yarn year yes yet yield yielded yields yml you your
yourself yum zero zeros zip zipfile zipfiles zipped zlib zombie zone zoneinfo zookeeper zsh
zstandard zstd
""".split()
)
