"""The words in which programs say what went wrong; no names, no places, nothing of a life."""

from __future__ import annotations

WORDS = frozenset(
    """
abandoned abbrev abbreviated abbreviation abc abcs abi abilities able abort aborted aborting
about above abruptly abs absence absent absolute abstract accelerated accept acceptable accepted
accepting accepts access accessdenied accessed accesses accessible accessing accesskey accessor
accompanying accomplished according accordingly account accounts accumulate accumulated
accumulator accuracy achieved ack acknowledge acknowledged acknowledgment acks acl acls acquire
acquired acquiring across action actions activate activated activation active actual actually
adapter adapters adaptive add added adding addition additional addr address addressable
addresses adds adjacent adjust adjusted adjusting admin administrator admission adopt advance
advanced advertise advertised advise advised aead aes affect affected affects affinity after
again against agent agents aggregate aggregated aggregates aggregation agree agreed agreement
ahead ai aiohttp aka alarm alembic alert alerts alg algo algorithm algorithms alias aliased
aliases align aligned alignment alignments alive all allegedly alloc allocate allocated
allocating allocation allocations allocator allow allowed allowlist allows almost alone along
alpha alphabetic already also alt alter alternate alternates alternative alternatives although
always am ambiguous amend amended among amount amounts an analyse analysed analysis analyze
analyzing ancestor ancestors ancestry anchor ancient ancillary and android annotate annotated
annotating annotation annotations anode anonymous another ansi answer answered any anyauth
anymore anything anyway anywhere api apiserver apk app apparently appear appeared appears append
appendable appended appending applicable application applications applied applies apply applying
appropriate approximate approximately apt arbitrary arch architecture archive archived archives
are area aren arg argparse args argument arguments argv arithmetic arm arn around arr array
arrays arrow artifact artifacts as asan ascii asgi asia aside ask asked asking askpass asof
aspect assemble assembler assembly assert assertable assertion assertions assign assignable
assigned assignment associate associated association assuan assume assumed assuming assumption
ast async asynccontextmanager asynchronous asynchronously asyncio asyncpg at atexit atom atomic
atomicity attach attached attaching attachment attack attempt attempted attempting attempts
attestation attestations attr attrib attribute attributes attrs audience audio audit audited
augmented auth authenticate authenticated authenticating authentication authenticator author
authorise authorised authoritative authorities authority authorization authorize authorized
authors auto autocommit autoload automatic automatically autoscaler autoscaling auxiliary avail
available average avg avoid avoided await awaitable awaited aware away aws awscli axes axis
azure babel back backend backends background backgrounds backing backlog backoff backslash
backtrace backup backups backward backwards bad badly bailing balanced balancer band bandwidth
banned banner bare barrier base based bases bash basic basis batch batched batches batching
battery be bearer became because become becomes been before begin beginner beginning begins
begun behavior behaviour behaviours behind being belong belongs below benchmark beneath beside
besides best beta better between beyond bidi big bigger bigint billed billing bin binaries
binary bind binding bindings bins bisect bisecting bisection bit bitfield bitmap bitmaps bitrate
bits bitwise blacklist blacklisted blame blank blanks blkid blob blobs block blocked blocker
blocking blocklist blocks blocksize bodies body bogus boilerplate bool boolean booleans boot
booted bootstrap border borrow borrowck borrowed both boto botocore bottom bounce bound
boundaries boundary bounded bounds box brace braces bracket bracketed brackets branch branched
branches break breaker breakpoint breaks brew bridge bridging brief bring broadcast broke broken
broker brokers brotli browse browser browsers btree btrfs bucket buckets buf buffer buffered
buffering buffers buflen bufsize bug buggy bugs build building buildkit builds buildx built
builtin builtins bulk bump bundle bundled bundler bundles bus busy but by bypass bypassed byte
bytea bytearray bytecode bytecodes bytes bz bzip ca cache cached caching calculate calculated
calculation calibration call callable callables callback callbacks called callee caller calling
calloc calls camera can cancel canceled cancellation cancelled cancelling candidate cannot
canonical canonicalize cant cap capabilities capability capable capacity capital caps captcha
capture captured capturing card cardinality care cargo carriage carries carry cascade case cases
cast casted cat catalog catalogue catch categorical categoricals categories category caught
cause caused causes causing cd cease celery cell cells center centos central cerror cert certain
certainly certfile certificate certificates certified certs cfg cgi cgroup chain challenge
change changed changelog changes changeset changing channel channels char character characters
chardet chars charset chart charts chdir check checkable checkdiff checked checker checkers
checking checkout checkpoint checkpoints checks checksum checksums child children chmod choice
choices choose choosing chose chosen chown chr chroma chroot chunk chunked chunking chunks
chunksize ci cidr cipher ciphers ciphertext circuit circular cite claim claims clamp clash
clashing class classes classified classifier classmethod clause clauses clean cleaning cleanly
cleanup clear cleared clearing cli click client clients clip clipboard clock clocks clone cloned
cloning close closed closes closest closing closure closures cloud cloudformation cloudwatch cls
cluster clusterip clusters cmake cmd cmp cn cnonce cnt code codec codegen codename codepoint
codes coding coefficient coerce coercion cohort col cold collating collation collect collected
collecting collection collector collided collides collision colon color colormap colors cols
colspecs column columns com combination combinations combine combined combiner combining come
comes coming comma command commandline commands commas commence comment comments commit commits
committed committer committing common commonpath communicate communication communications comp
compact compaction compactor compare compared compares comparing comparison comparisons
compartment compat compatibility compatible compensating competing compilation compile compiled
compiler compiling complain complains complaint complete completed completely completing
completion completions complex compliance compliant complicated comply component components
compose composed composite compound compounds comprehension compress compressed compression
compresslevel compressor comprised compute computed computer computing concatenate concatenation
conclude concluded concrete concurrency concurrent concurrently cond conda condition conditional
conditions conffile conffiles config configmap configmaps configs configuration configurations
configure configured confirm confirmation confirmed conflict conflicted conflicting conflicts
conform confused congestion conjunction conn connect connectable connected connecting connection
connections connectivity connector consecutive consensus consent consequently conservative
consider considered consistency consistent consistently consists console consoles const constant
constants constraint constraints construct constructed constructing construction constructor
constructors constructs consult consume consumed consumer consumers consumption cont contact
contacted contain contained container containerd containers containing contains content
contention contents context contiguous continuation continue continued continues continuing
contract contracts control controlled controller controllers controlling controls convention
conversion convert converted converter convertible converting cookie cookies cool coordinates
coordinator copied copies copy copying copyrighted core cores coreutils corner coroutine
coroutines correct corrected correcting correctly correlated correlation correspond
corresponding corresponds corrupt corrupted corruption corrupts cors cost costs could couldn
count counted counter counters counting counts covariance cover coverage covered cpp cpu cpus
crash crashed crashes crashing crashloopbackoff crate crc crd crds create created creates
creating creation credential credentials criteria critical crl cron cronjob crop cross
crossorigin crypt crypto cryptographic cryptography csi csize csr csrf css csum csv ctl ctrl ctx
ctypes cuda cumulative cur curl curly currency current currently cursor curve curves custom
customise customize cut cwd cycle cycles cyclic cyclone cygwin daemon daemons daemonset damaged
dangerous dangling dark dash dashboard dashboards dashes dashless data database dataclass
dataclasses dataframe datagram dataset datasets datasource datastore datatype datatypes date
dates datetime datetimes dateutil day daylight days db dbus dead deadline deadlines deadlock
deadlocked deadlocks deal dealing deallocate deallocated deb debian debounce debug debugger
debugging decide decided decimal decimals decision decl declaration declarations declare
declared declares declaring decline declined decodable decode decoded decoder decoding
decompress decompressing decompression decompressor decorated decorating decorator decorators
decrease decreased decreasing decrypt decryption dedicated deduplicate deduplication deep def
default defaulting defaults defect defective defer deferrable deferred define defined defines
defining definition definitions deflate defragment degraded del delattr delay delayed delays
delegate delegated delegation deletable delete deleted deleting deletion delim delimited
delimiter delimiters delivered delivery delta demand demultiplexer denied denominator deny
denying denylist depend depended dependencies dependency dependent dependents depending depends
deploy deployed deploying deployment deployments deploys deprecated deprecation deprecations
deps depth deque dequote der dereference dereferenced dereferences dereferencing derivation
derive derived desc descendant describe described describing description descriptions descriptor
descriptors deserialization deserialize deserialized designated designator designed desired
desktop despite dest destination destroy destroyed destructive destructor detach detached
detaching detail detailed details detect detected detecting detection detector determine
determined determining deterministic dev develop developer developers development deviates
device devices devname devno devtools dh dhcp diagnostic diagnostics diagram dial dialect
dialing dict dictionaries dictionary dicts did didn die died diff diffcore differ difference
different differs difficult diffs diffstat dig digest digit digits dimension dimensional
dimensionality dimensions dims dir direct direction directionality directive directives directly
directories directory dirmask dirmngr dirs dirstat dirty disable disabled disables disabling
disallowed disambiguate disappeared disassemble discard discarded discarding discards disconnect
disconnected disconnects discouraged discover discovered discovering discovery discriminant
discriminator disk disks diskspace dispatch dispatcher display displayed displaying disposition
dist distance distinct distribute distributed distribution distributions distro distutils
diverged divide division divisor django djb dlopen dlpack dms dns do doc docker dockerd
dockerfile dockerignore docs docstring docstrings doctor document documentation documented
documents docutils does doesn doing domain domains don done dont dot dotenv dots dotted double
down downgrade downgraded downgrading download downloaded downloading downloads downsample dpkg
drain drained draining draw drive driver drivers drop dropout dropped dropping drops dry dsa dst
dt dtd dtype dtypes dual dubious due dumb dummy dump dumped dumping dumps dup duplicate
duplicated duplicates durable duration during dwarf dylib dyn dynamic dynamically dynamodb
eacces each eaddrinuse eagain eager earlier earliest early east easy ec ecc ecdh ecdsa echo
econnrefused econnreset ecr ecs ed eddsa edge edit editable edited editing edition editor eexist
effect effective eg egg ehostunreach eight einval eisdir either eks elapsed elasticsearch
elected election elem element elements elevated eleven elf elif eligible eliminated ellipsis
ellipsize elliptic else elsewhere email embed embedded embedding embeddings emfile emission emit
emits emitted emitting emoji emptied empty emulate emulation en enable enabled enables enabling
ename enc encloses enclosing encodable encode encoded encoder encoding encodings encounter
encountered encounters encrypt encrypted encrypting encryption end ended endianness endif ending
endless endpoint endpoints ends enforce enforced enforcement enforces enforcing engine engines
enhance enlarge enoent enospc enosys enotdir enotfound enough enqueue enqueued ensemble ensure
ensuring ent enter entered entering enterprise entire entirely entities entitled entitlement
entity entries entropy entry entrypoint enum enumerate enumeration env envelope environ
environment environments eof eol eperm ephemeral epipe epoch epochs epoll eq equal equality
equivalent erase erased err errimagepull errno erroneous error errored errors escape escaped
escapes escaping eslint essential establish established establishing estimate estimated etag etc
etcd ethernet etimedout etree eu eval evaluate evaluated evaluates evaluating evaluation
evaluator even event events every everything everywhere evicted eviction ewah exabyte exact
exactly examine example examples exc excclass exceed exceeded exceeding exceeds except exception
exceptional exceptions excess exchange exchanged excl exclude excluded excludes excluding
exclusive exclusively exe exec executable executables execute executed executing execution
executor execve exhaust exhausted exhaustion exist existence existent existing exists exit
exited exiting exits exp expand expanded expanding expansion expect expectation expected
expecting expects expensive experimental expiration expire expired expiredtoken expires expiring
expiry explain explained explanation explicit explicitly exponent exponential export exported
exporter exporting exports expose exposed exposes expr expression expressions expressly ext
extack extend extended extending extends extension extensions extent extents extern external
externally extra extract extracted extracting extraction extras fabric facility factor factory
fail failed failing faillog failover fails failsafe failure failures fairly fake fall fallback
falling falls false family fanout far fargate fast fastapi fatal fault faulty favicon favorite
favour fcopy fd fdopen fds feather feature features federated fedora feed feedback feeding
feedparser fence fetch fetched fetches fetching few fewer fiber field fields fifo fifteen figure
file filedescriptor filehandle filename filenames fileno fileobj files filesize filesystem
filesystems fill filter filtered filtering filters final finalize finalizing finally find finder
finding finds finetune fingerprint fingerprints finish finished finite firewall firmware first
fit five fix fixed fixes fixing fixture fixup flag flagged flags flake flaky flash flask flat
flatten flaws flex flexible flights flip flit float floating floats flooded flow flush flushed
flushing fmt fn fname focus fold folder folding follow followed following follows font fonts foo
foot footer footers footprint for forbid forbidden forbids force forced forces forcibly forcing
foreach foreground foreign forget forgetting forgot fork forked forking form formal format
formats formatted formatter formatting formed former formula formulas forth forward forwarded
forwarder forwarding forwards found foundation four fp fraction fractional fragment
fragmentation fragments frame frames framework frameworks free freed freeing freeze freezing
freq frequency frequent frequently fresh freshen freshness from fromkeys fromutc frontend frozen
fs fsck fsmonitor fspath fstat fsync fsys ftp fulfilled full fully func funcname function
functional functionality functions functools funny further furthermore fuse futex future futures
fuzzing gap gaps garbage garbled gate gatekeeper gates gateway gather gating gb gcc gcloud gcp
gdb gem gen general generally generate generated generates generating generation generator
generators generic generics genkey geo geometric geometry get getaddrinfo getcon getcwd getdelim
getitem getopt gets getsockname getstate getter getting ghz gib gid gigabyte gigabytes gil git
gitattributes gitdir gitfile github gitlab gitmodules give given gives giving glibc glob global
globals glyph gnu go goes going golang gone good google got gpg gpu gpus gracefully gradient
gradients gradle grafted grain grammar grant granted grants granularity graph graphics graphql
greater grep grew grid groff group grouped grouping groups grow growing grows grpc guarantee
guaranteed guard guess guessing guest gufunc gui guidance guide gunicorn gz gzip gzipped had
half halt halted halve halved handle handled handler handlers handles handling handshake hang
hanging hangs hangup happen happened hard hardlink hardlinks hardware harmful has hash hashable
hashed hashes hashing hashtab hasn hatch have haven having he head header headers headless
headroom heads health healthcheck healthy heap heartbeat heavy height heights held helm help
helper helps hence here heuristic heuristics hex hexadecimal hibernate hibernated hidden hide
hides hierarchical hierarchy high higher highlight highly hint hints histogram histories history
hit hits hmac hold holder holding holds home homebrew homedir hook hooks hop hope hops
horizontal host hosted hosting hostkey hostkeys hostname hostnames hosts hot hotfix hotplug hour
hours how however hr href hrs html http httpcore httplib https httpx hub huge hundred hung hunk
hunks hyperparameter hypervisor hyphen hyphens hypothesis hz iam iana ico icon iconv icu id ide
idempotence idempotency idempotent ident identical identification identified identifier
identifiers identify identities identity idle idna ids idx ie if ifelse ified ifindex ifname
ifndef ignore ignored ignores ignoring ill illegal iloc im image imagepullbackoff images
imaginary imap imbalance imgs immediate immediately immutable impacting impersonate
impersonation implement implementation implemented implements implicit implicitly implied
implies imply import importable imported importing importlib imports impose impossible
impossibly improper improperly in inaccessible inactive inappropriate inbound incident include
included includes including inclusion inclusive incoming incompatible incomplete inconsistencies
inconsistency inconsistent incorrect incorrectly increase increasing incref increment
incremental incremented ind indefinitely indent indentation indented independent indeterminate
index indexable indexed indexes indexing indicate indicated indicates indicating indicator
indicators indices indirect indirectly individual inertia inet inf infer inference inferred
inferring infile infiles infinite infinity inflate info information infra infrastructure ing
ingest ingestion ingress ingressclass inherit inheritance inherited inheriting inherits inhibit
init initdb initial initialise initialised initialization initialize initialized initializer
initializing initiate initiated injected injection inline inlined inner innodb inode inodes
inotify inplace input inputs inquiry insecure insert inserted inserting insertion inserts inside
inspect inspected install installable installation installed installer installing installs
instance instances instantiate instantiated instantiating instantiation instead instructed
instruction instructions instructs instrument instrumented insufficient int intact integer
integers integral integrate integrated integration integrations integrity intel intend intended
intention intentional intentionally inter interactions interactive interactively interacts
intercept interceptor interchange interest interface interfaces interfere intermediate
intermittent internal internals interpolated interpolation interpret interpretation interpreted
interpreter interrupt interrupted interruption interrupts intersect intersection intersects
interval intervals into intra intrinsics introduce introduced introspection invalid invalidate
invalidated invalidates invalidating invalidation inverse invert investigate invitation
invocation invocations invoke invoked invoking involve involved involving io iobuf ioctl ip
iptables ipv ipywidgets irrecoverable irreversible is isinstance islice isn iso isoformat
isolate isolated isolation isort issubclass issue issued issuer issues issuing it item items
iter iterable iterables iterate iterated iterating iteration iterations iterator iterparse its
itself jar java javac javascript jdbc jdk jenkins jest jinja job jobs join joined joiner joining
jpg json jsonb jsonrpc judged jump junction junk jupyter just jvm jwks jwt kafka kb kbx keep
keeping keeps kept keras kerberos kernel kernels key keyblock keyboard keybox keychain keycode
keyfile keyframe keygrip keyid keymap keypair keyring keys keyserver keyspace keystore
keystrokes keyword keywords khz kib kill killed killing kilobyte kilobytes kind kinds kms know
knowing known kube kubeconfig kubectl kubelet kubernetes kw kwarg kwargs label labeled labeling
labelled labels lack lacking lacks lagging lambda lan lang language large larger last lasted
latch late latency later latest latex latter launch launched launcher launching layer layers
layout lazy ldap le leader leading leaf leak leaks learning lease leases least leave leaves
leaving ledger left leftover legacy lemma len length lengths lengthy less let lets letters level
levels lexer lexical lf lib libbacktrace libc libcap libcrypt libcrypto libcurl libmount libpng
libpq libraries library libssl licence licences license licensed licenses lifecycle lifespan
lifetime lift light lightweight like likely likes likewise limit limited limiter limiting limits
line linear lineno lines link linkage linked linker linking linkname links linter linters
linting linux list listdir listed listen listener listening listing lists lite literal literals
live livelock liveness ll lld llu llvm llx load loadable loadbalancer loaded loader loaders
loading loads loc local locale localhost localization locally locals locate located location
locations locator lock locked lockfile locking locks log logfile logged logger logging logic
logical login loging logins logits logout logs long longer longest look lookbehind looked
looking looks lookup lookups loop loopback loopdev looped loops loose lose loss lossy lost lots
loud low lower lowercase ls lseek lstat lucene lvalue lxml lzma mac machine macro macros made
magic magnitude mail mailbox mailmap main maintain maintained maintainer maintaining maintenance
major majority make makes making malformed malicious malloc mamba man manage managed management
manager manages managing mandatory mangled manifest manifests manipulated manpath manual
manually many map mapped mapping mappings maps mariadb markdown marked marker markers marking
marks markup marshal marshalling mask masked masks mastered match matched matches matching
material math matmul matplotlib matrices matrix maven max maximum maxsize may maybe mb md
meaning meaningful meaningless means meant measure measured measurement mebibytes mechanism
mechanisms media medium megabyte megabytes mem member members membership memcached memcmp memmem
memoized memory memoryview mention mentioned mentions menu mere merely merge merged merges
merging message messages messaging meta metaclass metaclasses metadata metavar metered method
methods metric metrics mhz mib micro microseconds microservice microsoft mid middle middleware
middlewares might migrate migrated migrates migrating migration migrations milliseconds mime
mimetype min mingw minified minimal minimize minimum mining minor mins minus minute minutes
mirror mirrors misbehaving misconfigured miscounted misdirected mismatch mismatched mismatches
mismatching misplaced miss missed misses missing mistake mistook mistyped misuse misused
mitigated mix mixed mixin mixing mkdir mkpath mmap mobile mocks mod mode model modelling models
modern modes modification modified modifier modifiers modifies modify modifying module
modulenotfound modules modulus moment mongo mongod mongodb monitor monitored monitoring monorepo
monotonic monotonically month more moreover most motion motor mount mounted mounting mounts
mouse move moved moving mro ms msg msgid msvc msvcrt mtime mtls mtu much multi multibyte
multicast multidimensional multihop multiline multipart multiple multiplex multiply
multiprocessing munge munmap must mutable mutate mutated mutation mutations mutators mute mutex
mutual mutually mvn my mypy mypyc mysql mysqld na naive name named namedtuple nameprep names
nameserver namespace namespaced namespaces nan nanosecond nanoseconds nargs narrow nat native
navigate nbits nchar ndarray ndim near nearest nearly necessarily necessary need needed needs
negatable negated negation negative negotiate negotiated negotiates negotiating negotiation
negotiator neither nest nested nesting net netlink netmask netns netrc network networking
networks neural neutral never new newer newest newline newlines newly next nfc nginx nightly nil
nine nineteen nix nlink no nobody node nodejs nodeport nodes noise nomodule non nonblocking
nonce none nonempty nonexistent nonfatal nonnegative nonnumeric nonstandard nonzero noop nor
norm normal normalise normalised normalization normalize normalized normalizer normally north
northeast northwest nosuchbucket nosuchkey not notation note noted notes notfound nothing notice
noticed notification notifications notified notify now nowhere nox npkgs npm npx nscd nt nul
null nullability nullable num number numbered numbering numbers numeral numeric numerical numpy
nvarchar oauth obey obj object objects obscure observe observed observer obsolete obtain
obtained obtaining obvious occasionally occupied occupies occupy occur occurred occurrence
occurrences occurring occurs ocsp octal octet octopus odd of off offer offline offload offset
offsets often oid oidc ok old older ollama omit omitted omitting on once one oneof ones oneway
onl online only onnx onto onwards oom oomkilled oops op opaque opcode open openai openapi opened
opener opening opens openssh openssl operand operands operate operating operation operational
operations operator operators ops opt optimal optimise optimised optimization optimizations
optimize optimized optimizer option optional options optname opts or oracle orchestration order
ordered orderfile ordering ordinal ordinals ordinary org organisation organise organization orig
origin original originally origins orphan orphaned orphans os otel other others otherwise ought
our out outage outbound outcome outdated outer outfile outgoing outline output outputs outside
outstanding over overall overcommit overfitting overflow overflowed overflows overhead overlap
overlapped overlapping overlaps overlay overload overloaded overloading overlong overly
overprovisioned overridable overridden override overrides overriding overrun overwrite
overwrites overwriting overwritten own owned owner owners ownership pack package packages
packaging packed packet packets packfile pad padded padding page pager pages paginate paginated
pagination paging paint pair paired pairs pandas panic panicked paragraph parallel parallelism
param parameter parameterized parameters parametrization parametrize parametrized params paren
parens parent parentheses parenthesis parenthesized parents parity parquet parse parseable
parsed parser parsers parses parsing part partial partially participant particular partition
partitioned partitioning partitions parts pass passed passes passing passphrase passphrases
passthrough passwd password passwordless passwords past pasted patch patched patches patching
path pathlen pathname pathnames paths pathspec pathspecs pattern patterns pause paused pausing
payload payloads payment pdf pdm peculiar ped peek peeling peer peers pem pending pep per
percent percentage percentiles perfect perform performance performed performing performs perhaps
period periodically perm permanent permanently permission permissions permissive permit permits
permitted permutation permutations persist persisted persistence persistent petabyte petabytes
pfd pgbouncer pgp phase phases phony phys physical pick picked picklable pickle pickled pickling
pid pidfile pieces pin pinentry ping pinned pinning pip pipe piped pipeline pipelines pipenv
pipes pivot pixel pixels pixmap pkcs pkg pkgset place placed placeholder placeholders placement
places plain plainly plaintext plan plane planned planner plat platbase platform platforms play
please plug plugin plugins plus png pnpm pod podman pods poetry point pointer pointers pointing
points policies policy poll polled poller polling polynomial pool pooling pools poor pop popen
popped populate populated port portable ported ports pos position positional positionally
positioned positive possibilities possible possibly post postgres postgresql postimage postlen
postpone postponed postprocess potentially pow power powers powershell pprint practice pre
precede preceded precedence precedes preceding precise precisely precision precondition
preconditions predecessor predefined predicate predict predicted prediction predictions
preempted prefer preference preferences preferred prefetch prefix prefixed prefixes preflight
preload premature prematurely premium preparation prepare prepared preparing prepend prepended
prepending preprocess preprocessor prerelease prerequisite prerequisites presence present
presented preserve preserved preserving preset presets presigned press pressed pressure pretty
prev prevent prevented prevents preview previous previously primary prime primes primitive
principal principals print printable printed printer printf printing prints prior priorities
priority private privilege privileged privileges privs probably probe probed probes probing
problem problematic problems proc procedure procedures proceed proceeding process processed
processes processing processor procfs procs prod produce produced producer produces producing
product production prof profile profiler profiles profiling prog program programmatic
programming programs progress prohibited prohibits project projection prolog prologue prometheus
promise promises promisor promoted prompt prompts prop propagate propagated propagating
propagation proper properly properties property prot protect protected protection proto protobuf
protocol protocols provide provided provider providers provides providing provision provisioned
provisioning proxied proxies proxy proxying prune pruned pseudo psf psql psycopg ptr ptrace pty
pub pubkey public publickey publish published publisher pull pulled pulling pulls punycode pure
purged purging purpose push pushed pushes pushing put putting pv pvalloc pwck pwd px py pyarrow
pyc pyconfig pydantic pygments pygmentsdoc pylint pylock pymysql pypi pyproject pytest python
pyyaml qop qualified qualifier qualify quality quantifier quantile quantiles quantization
quantize quantized quarantined quarter quaternion queries query queue queued queueing queues
quick quickly quiet quietly quit quite quitting quorum quota quotas quotation quote quotechar
quoted quotes quoting rabbitmq race racy radix raid raise raised raises raising ram ran random
randrange range ranges rank rapid rare rarely raster rasterizer rate ratelimit rates rather
ratio raw rb rcvd rd rds re reach reachable reached reaches react reacted read readable readdir
reader readiness reading readinto readline readlink readme readonly reads readthedocs ready real
realloc reallocarray really realm reason reasonable reasons rebalance rebalancing rebase rebased
rebasing rebinding rebinds reboot rebooted rebuild rec recalculated recallocarray receive
received receiver receivers receives receiving recent recently recipe recipient recipients
recognise recognised recognize recognized recommend recommended recommends recompile recompiled
reconcile reconciled reconciliation reconfigure reconnect reconnecting reconnection reconnects
record recorded recording records recover recoverable recovered recovering recovery recreate
recreated recreating recurring recurse recursing recursion recursive recursively recv recycled
redaction redeclaration redeclared redefine redefined redefinition redelivered redeploy redirect
redirected redirecting redirection redirects redis redistribute reduce reduced reduces reduction
redundant reenable reentrant reentry ref refactor refcnt refcount refer reference referenced
references referencing referent referential referred referrer refers refetch refinement reflog
reflogs refname refresh refreshing refs refspec refspecs refuse refused refuses refusing reg
regardless regenerate regenerated regex regexec regexp region regional regions register
registered registering registers registration registries registry regressed regression
regressions regset regular reindex reinitialize reinstall reject rejected rejecting rejection
rejects rekeying relabel relate related relation relations relationship relationships relative
relay release released releases releasing relevant reliable relied relies relink reload reloaded
reloading reloc relocatable relocated relocating relocation relocations relocs rely relying
remain remaining remains remap remarks remediation remember remembered reminder remote remotely
remotes remount removal remove removed removing rename renamed renames renaming render
renderable rendering renders renew renewal renewed renewing reopen reopened reorder reordered
repair repaired repeat repeatable repeated repeatedly repeats repetition replace replaced
replacement replacements replacing replay replayed replica replicas replicaset replicate
replicated replication replied reply repo report reported reporter reporting reports repos
reposition repositories repository repr represent representable representation represented
representing represents reproduce reproduces reproducible req request requested requester
requesting requests requeue requeued require required requirement requirements requires reread
rerere rerun rerunnable rerunning res resampling rescan rescheduled resend resent reserve
reserved reset resets resetting reshape resident resize resized resizing resolution resolvable
resolve resolved resolver resolvers resolves resolving resort resource resourcequota resources
respect respected respectively respond responded responding responds response responses
responsible rest restart restarted restore restored restoring restrict restricted restriction
restrictions result resulted resulting results resume resumed resumes ret retain retained
retention rethrow retried retries retrieval retrieve retrieved retrieving retry retryable
retrying return returncode returned returning returns reusable reuse reused reuseport reuses
reusing rev revalidate revalidation reveal reverse reversed revert reverted reverting review
reviewed revision revisions revocation revoke revoked revs rewind rewinding rewrite rewritten rf
rfc rfs rget right ring rise risk risky rlimit rmdir rng role roles roll rollback rollbacks
rolled rolling rollout rollouts rollup root rootdir rooted roots rotate rotated rotation roughly
round rounded rounding rounds roundtrip route routed router routers routes routine routing row
rows rpc rpm rs rsa rspec rss rsync ruby rubygems ruff rule rules run runnable runner runners
running runs runtime runtimes rust rustc rustup rwx safe safely said same saml sample sampled
sampler samples sampling san sandbox sandboxed sanitization sanitize sanitized sanitizer
sanitizers sanitizing sanity sas sat satisfiable satisfied satisfies satisfy satisfying
saturated save saved saving saw say says scalar scalars scale scaled scales scaling scan scanned
scanner scanners scanning scans schedule scheduled scheduler scheduling schema schemas schemata
scheme schemes scipy scm scope scoped scoping score scrape scraper scratch screen script
scripting scripts scroll sdist sdk seal sealed search searched searches searching sec second
secondary seconds secret secrets secs section sections sector sectors secure security sed see
seed seeds seeing seek seekable seeking seem seems seen seg segment segmentation segments seldom
select selected selecting selection selector selects selenium self selinux sem semantics
semaphore semaphores semicolon semop semver send sendall sender sendfile sending sends sendto
sense sensitive sensor sent sentence sentinel sentry sep separate separated separately
separating separator separators seq sequence sequencer sequences sequential serde serial
serialise serialised serializable serialization serialize serialized serializer serializers
serializing series serious serror serve server serverless servers serves service serviceaccount
serving session sessions set setattr setcap setcon setenv setgid setitem sets setstate setter
setting settings settled setuid setup setuptools seuser seven several severe severed severities
severity sftp sh sha shadowed shadows shall shallow shallows shape shapes shard shards share
shared sharing she shebang sheet shell shells shift shim ship shipped ships shm shmat shmctl
short shortage shorten shorter shorthand should shouldn show showing shown shrink shut shutdown
shutting sibling siblings sid side sideband sidecar sides sig sigabrt sigaction sigbus sigc
sigfpe sighup sigill sigint sigkill sign signal signaled signalled signals signature signatures
signed signer significant signin signing signout signs signup sigpipe sigprocmask sigsegv
sigterm sigusr silence silent silently similar similarly simple simplified simplify simply
simulated simulator simultaneously since single singledispatch singleton singular sink site size
sizelimit sizeof sizes sizing skeleton skew skip skipped skipping skips sklearn sla slash
slashes slated sleep sleeping slice slices slide slot slots slow slower slowly slug small
smaller smallint smart smb smoke smoothly smtp smtputf smudge snapshot snapshots snapshotting
sni snippet sns so sock socket sockets socks socksio soft softmax software solid solution solve
solved solver some somebody somehow someone something sometimes somewhere soon sort sorted
sorting source sources south southeast southwest space spaces span spans spark sparse spawn
spawned spawning speak spec special specially specials specific specifically specification
specifications specified specifier specifiers specifies specify specifying specs speed spelling
spent spill spills spin spinner splice split splits splitter splitting spooled spot spreadsheet
spring springs sq sql sqlalchemy sqlite sqlstate sqs squash squashed squelched src srmount ssh
sshd ssl ssm sso sssd stability stable stabs stack stage staged stages staging stale stalled
stamp standalone standard standardized standby stands stanza star starlette starred start
started starting starts startup starvation stash stashed stat stata state stateful statefulset
statement statements states static statically statistics statm stats status statvfs statx stay
stays std stderr stdin stdio stdlib stdout step steps sticky still stime stop stopped stopping
storage storageclass store stored stores storing str strace strange strategies strategy stray
strcasestr strchr strchrnul strcmp strcspn strdup stream streamed streaming streams strength
strftime strict strictly stride string strings strip stripe stripped stripping strlen strndup
strnlen strong strongly strpbrk strptime strrchr strspn strstr strtab strtok struct structure
structures sts stub stuck style styles stylesheet sub subclass subclassed subclasses subclassing
subcommand subdir subdirectories subdirectory subdirs subgids subgraph subject subkey submission
submit submitted submitting submodule submodules subnet subnets suboptimal subpath subpatterns
subprocess subprocesses subprogram subqueries subquery subsampling subscribe subscribed
subscriber subscribers subscript subscriptable subscripted subscription subscriptions subscripts
subsequent subservice subset substituting substitution substring subsystem subtraction subtree
subtype subuids subvolume succeed succeeded succeeding succeeds success successes successful
successfully successor such sudo sudoers suffered sufficient suffix suffixes suggest suggested
suggesting suggestion suggestions suitable suite suites sum summaries summary sums sunder super
superblock superclass superproject supersedes superset superuser supervised supervisor
supplemental supplementary supplied supplies supply supplying support supported supports
supposed suppress suppressed suppression suppressions sure surface surrogate surrogates
surrounding survive suspend suspended suspicious svn swap swapped swig swigging switch switched
switches switching sym symbol symbolic symbolized symbolizer symbols symlink symlinked symlinks
symmetric symref symtab sync synchronise synchronised synchronization synchronized synchronous
synchronously syncing syntactic syntax synthetic sys syscall sysconfdir sysconfig sysctl sysfs
syslog system systemctl systemd systems tab table tables tablespace tablespaces tabs tabular tag
tagged tagger tags tail taint tainted taints take taken takes taking tall tampered tap tar
tarfile target targets task tasks taxonomy tcp teapot tear teardown technical telemetry tell
telling telnet temp temperature tempfile tempfiles template templates temporarily temporary ten
tenancy tenant tenants tensor tensorflow tensors tentative terabytes term termcap terminal
terminate terminated terminates terminating termination terminator terminators terminfo terms
terraform test tested testing tests text textconv tf th than that the their them theme
themselves then there thereby therefore thereof these they thick thin thing things third thirty
this those though thousand thrashing thread threaded threads threadsafe three threshold
thresholds throttle throttled throttling throttlingexception through throughput throw throwing
thrown throws thus tib tick ticket ticks tid tied tight tile time timed timedelta timedout
timeout timeouts timer times timestamp timestamps timestamptz timezone timezones timing timings
tiny tip title titles tls tmp tmpfs to toast todo together toggle token tokenise tokeniser
tokenization tokenize tokenizer tokenizers tokens told tolerance tolerated tolerations toml too
took tool toolchain toolkit toolkits tools tooltip top topic topics toplevel topologies topology
torch torque total touch touches tox trace traceback traced tracer tracing track tracked tracker
tracking tracks trades traffic trailer trailers trailing train trained trainer training trait
traits trans transaction transactional transactions transcode transcript transcription transfer
transferred transferring transform transformation transformed transformer transformers
transforms transient transition transitional translate translated translating translation
translations transmission transmit transmitted transparent transport transpose trap travelling
traversal traverse treat treated treating treats tree trees triage trie tried tries trigger
triggered triggering triggers trim trimmed trio triples trivial trouble true truncate truncated
truncating truncation trust trusted trustworthy truth truthy try trying ttl tty tune tuning
tunnel tunneling tunnels tuple tuples turn turned twenty twice two twoway txt type typecheck
typecode typed typer types typescript typevar typical typically typing typings typo tz tzalloc
tzdata tzinfo tzname tzpath ubuntu udev udp ufunc ui uid uint ulimit umask ummapping un unable
unacceptable unadvertised unaffected unaligned unallocated unallowed unaltered uname unary
unassign unassigned unattended unauthenticated unauthorized unavailable unaware unbalanced
unbind unbound unbuffered unc uncaught uncertain unchanged unclosed uncommitted uncommon
uncompilable uncompress uncompressed unconditional unconfigured undeclare undeclared undefined
undelivered undeploy under underflow underline underlying underscore underscores understand
understood undiscernible undo undocumented undone unencrypted unequal unescape unescaped
unexpected unexpectedly unexportable unfinished unfold unfortunately unfreeze unfulfilled
unhandled unhealthy unicast unicode unicodedata uniform unify unimplemented unindent unindexed
uninitialized uninstall uninstalled uninstalling unintended union unioned unique uniqueness unit
units unittest universal unix unkeyed unknown unless unlike unlikely unlink unlinked unload
unloaded unlock unlocked unlocking unmanaged unmap unmapped unmarshal unmatched unmatching
unmerged unmet unmodified unmount unmounted unnamed unnecessary unneeded unordered unpack
unpacked unpacking unpaired unparsable unparseable unparsed unpickling unplugged unprivileged
unprocessable unprotected unpublished unquoted unreachable unreadable unrecognised unrecognized
unrecoverable unredirected unreferenced unregister unregistered unrelated unreleased unreliable
unreplicated unresolvable unresolved unresponsive unrestricted unrolled unsafe unsafely
unsatisfiable unsatisfied unschedulable unscheduled unsent unserializable unset unshallow
unsigned unsorted unspecified unstable unstage unstaged unsubscribe unsubscribed unsuccessful
unsuitable unsupported unsure unsynchronized untagged untar unterminated until untracked
untrusted untyped unusable unused unusual unvalidated unverifiable unverified unwanted unwind
unwinder unwrapped unwrapping unwritable unzip up upcoming upd update updated updates updating
upgradable upgrade upgraded upgrades upgrading uplink upload uploads upon upper uppercase
upsampling upsert upserts upstream uptime uptodate uptr urgent uri url urllib urlopen urls us
usable usage usages usb use used useful useless user userdata userinfo username usernames users
userspace uses using usr usual usually utc utcoffset utf util utilise utility utilization utils
uuid uuids uv uvicorn uvx vacuum vagrant vague val valid validate validated validating
validation validations validator validators validity validly value valued values vanished var
varbuf varchar variable variables variadic variance variant variants variation various vars vary
vault vcpu vcs ve vec vector vectorize vectorized vectors vendor vendors venv verb verbose verbs
verification verified verifier verifies verify verifying verity vers version versioned
versioning versions vertex vertical vertices very via video view viewer viewers viewport views
violated violates violating violation violations virtual virtualbox virtualenv virtualenvs
virtualization virtualized visibility visible visit visited visitor visual vite vm vms
vocabulary void voided volatile voltage volume volumes vpc vpn vs vsnprintf vtable
vulnerabilities vulnerability wait waited waiting waitlist waitpid waits waive wakeup wal wan
want wanted warehouse warm warmup warn warning warnings warp warranty was wasm wasn watch
watchdog watched watcher watches watching watermark wave way wd we weakly weakref web
webassembly webhook webhooks webpack webserver websocket websockets week weekday weigh weight
weighted weights weird well went were weren west wet wget what whatever whatis wheel wheels when
whence where whereas whether which whichever while whilst whitelist whitespace whl whoever whole
whomever whose why wide widely widen wider width wifi wildcard wildcards will willing win window
windows winerror wipe wiped wipefs wire wish with withdraw withdrawn within without won word
words work workaround workdir workdirs worked worker workers workflow workflows working workload
workloads works worksheet workspace workspaces worktree worse worth would wouldn wrap wraparound
wrapped wrapper wrappers wrapping wraps writable write writeable writelines writer writes
writing written wrong wrongpass wrongtype wrote wsgi wsl xattr xcode xdist xenix xfs xml xmlns
xp xs xss xvasprintf xz yaml yanked yarn year yes yet yield yielded yields yml you your yourself
yum zero zeroed zeros zip zipfile zipfiles zipped zlib zombie zone zoneinfo zones zookeeper zoom
zsh zstandard zstd
""".split()
)
