-- What was run right before a command and right after it, by the same person in the same sitting: no
-- more than half an hour apart.
SELECT side, other AS command, count() AS count, uniqExact(person) AS persons
FROM
(
    SELECT
        person,
        arraySort(groupArray((timestamp, toString(command)))) AS own,
        arrayMap(one -> one.2, own) AS names,
        arrayMap(one -> toUnixTimestamp64Micro(one.1), own) AS moments,
        arrayJoin(arrayFilter(nth -> names[nth] = {of:String}, arrayEnumerate(own))) AS at,
        arrayJoin([
            ('before', if(at > 1 AND moments[at] - moments[at - 1] <= 1800000000, names[at - 1], '')),
            (
                'after',
                if(
                    at < length(own) AND moments[at + 1] - moments[at] <= 1800000000,
                    names[at + 1],
                    ''
                )
            )
        ]) AS neighbour,
        neighbour.1 AS side,
        neighbour.2 AS other
    FROM seen
    WHERE outcome != '' AND is_in_time AND is_asked_for
    GROUP BY person
)
GROUP BY side, other
ORDER BY side DESC, count DESC, command
