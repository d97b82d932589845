-- Goes before each insight: what was done, and when; and the same with by whom that was, as far as is
-- known now. Events that
-- only say who is who, or that an SDK has made, are left out unless they are asked for: their names
-- begin with a $.
--
-- Persons are told apart by half of their UUID, which takes two thirds of the time. It has 60 bits
-- of a hash: the chance that any two of a million persons are taken for one is 1 in two millions.
WITH
    merged AS
    (
        SELECT reinterpretAsUInt64(own_id) AS half, reinterpretAsUInt64(person_id) AS person
        FROM (MERGED)
    ),
    done AS
    (
        SELECT
            event, command, version, outcome, failure_kind, error_type, os, python, ci, agent, duration, exit_code,
            timestamp, properties, own_id,
            multiIf(agent != '', 'agents', ci != '', 'ci', 'people') AS audience,
            reinterpretAsUInt64(own_id) AS own_half,
            -- Numbered without a gap, as in periods.py.
            toTimeZone(timestamp, {tz:String}) AS local,
            toInt32(toDate32(local)) AS day,
            toInt32(floor((day + 3) / 7)) AS week,
            toInt32((toYear(local) - 1970) * 12 + toMonth(local) - 1) AS month,
            if({interval:String} = 'day', day, if({interval:String} = 'week', week, month)) AS period,
            timestamp >= {start:DateTime64(6, 'UTC')}
                AND timestamp < {end:DateTime64(6, 'UTC')} AS is_in_time,
            ({command:String} = '' OR command = {command:String})
                AND ({event:String} = '' OR event = {event:String})
                AND ({version:String} = '' OR version = {version:String})
                AND ({os:String} = '' OR os = {os:String})
                AND ({python:String} = '' OR python = {python:String})
                AND ({audience:String} = 'all' OR audience = {audience:String})
                AND (NOT {only_failed:Bool} OR (
                    outcome = 'failed' AND error_type = {error_type:String}
                    AND failure_kind = {failure_kind:String}
                ))
                AND ({ci:String} = '' OR ci = {ci:String})
                AND ({agent:String} = '' OR agent = {agent:String}) AS is_asked_for
        FROM events
        WHERE project = {project:UInt32}
            AND ({everything:UInt8} OR event = {event:String} OR NOT startsWith(event, '$'))
    ),
    seen AS
    (
        SELECT done.*, if(merged.half = own_half, merged.person, own_half) AS person
        FROM done
        LEFT ANY JOIN merged ON merged.half = done.own_half
    )
