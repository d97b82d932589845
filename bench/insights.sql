-- A part of the events of a CLI over 90 days, the same ones each time. There is a person for every
-- 50 events: half of all events come from those who are there all the time, the others from those
-- who come and go; a few run a command a minute, most less than one a day; each knows a handful of
-- 40 commands.
INSERT INTO events
(
    project, seq, uuid, timestamp, event, distinct_id, own_id, person_mode, merged_id, command,
    version, outcome, failure_kind, error_type, os, python, ci, agent, duration, exit_code,
    properties
)
WITH
    number / {events:UInt64} AS part,
    arrayMap(nth -> cityHash64(number, nth) / pow(2, 64), range(12)) AS luck,
    intDiv({events:UInt64}, 50) AS people,
    toUInt64(people / 2 * if(luck[1] < 0.5, pow(luck[2], 3), 1 + (part + pow(luck[2], 2)) / 2))
        AS somebody,
    -- Three in twenty have logged in at some time, and are another distinct_id from then on.
    somebody % 20 < 3 AND part > cityHash64(somebody, 'login') / pow(2, 64) AS is_logged_in,
    concat(if(is_logged_in, 'user-', 'anon-'), toString(somebody)) AS id,
    cityHash64(somebody, toUInt8(6 * luck[3] * luck[3])) / pow(2, 64) AS taste,
    luck[4] < 0.08 AS is_failed,
    number % 300 = 7 AS is_identity,
    toUInt64(1780272000000000 + part * 90 * 86400 * 1000000) AS arrived
SELECT
    1 AS project,
    arrived AS seq,
    generateUUIDv4() AS uuid,
    fromUnixTimestamp64Micro(toInt64(arrived - toUInt64(60000000 * pow(luck[5], 4))), 'UTC')
        AS timestamp,
    multiIf(
        is_identity, '$create_alias', is_failed, 'CLI execution failed', 'CLI execution succeeded'
    ) AS event,
    id AS distinct_id,
    reinterpretAsUUID(MD5(id)) AS own_id,
    if(is_logged_in, 'full', 'propertyless') AS person_mode,
    if(is_identity, 'anon-0', '') AS merged_id,
    if(is_identity, '', concat('toolkit.', toString(toUInt8(40 * taste * taste)))) AS command,
    if(is_identity, '', concat('1.', toString(toUInt8(15 * part + 5 * luck[6])), '.0')) AS version,
    multiIf(is_identity, '', is_failed, 'failed', 'succeeded') AS outcome,
    if(
        outcome = 'failed',
        ['exception', 'exit', 'usage_error', 'interrupted'][1 + toUInt8(4 * luck[7] * luck[7])], ''
    ) AS failure_kind,
    if(
        failure_kind = 'exception',
        ['ValueError', 'KeyError', 'OSError', 'TypeError', 'TimeoutError'][1 + toUInt8(5 * luck[8])],
        ''
    ) AS error_type,
    ['Linux', 'Darwin', 'Windows'][1 + somebody % 3] AS os,
    '3.12.1' AS python,
    if(luck[9] < 0.2, 'github', '') AS ci,
    if(somebody % 7 = 0, 'an-agent', '') AS agent,
    if(is_identity, NULL, exp(5 + 2.4 * (luck[10] + luck[11] - 1))) AS duration,
    if(is_identity, NULL, toInt32(is_failed)) AS exit_code,
    '{"options":["--json"],"interactive":true,"$lib":"posthog-python"}' AS properties
FROM numbers({first:UInt64}, {count:UInt64})
;
-- Those who have logged in: their two distinct_ids, and the person.
INSERT INTO identity
(project, kind, person_id, own_id, id, is_identified, created_at, properties, version)
WITH
    intDiv(number, 3) AS nth,
    toString(intDiv(nth, 3) * 20 + nth % 3) AS somebody,
    [concat('anon-', somebody), concat('user-', somebody)] AS ids
SELECT
    1 AS project,
    if(number % 3 = 2, 'person', 'distinct_id') AS kind,
    reinterpretAsUUID(MD5(ids[2])) AS person_id,
    if(number % 3 = 0, reinterpretAsUUID(MD5(ids[1])), person_id) AS own_id,
    if(kind = 'person', toString(person_id), ids[1 + number % 3]) AS id,
    kind = 'person' AS is_identified,
    toDateTime64('2026-01-01', 6, 'UTC') AS created_at,
    '{}' AS properties,
    1 AS version
FROM numbers(intDiv({events:UInt64}, 50 * 20) * 3 * 3)
