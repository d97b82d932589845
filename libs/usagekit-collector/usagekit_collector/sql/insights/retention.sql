-- Of those who were first seen in a week, how many were there so many weeks later; -1 is all of
-- them. latest is the last week in which any of them was there.
SELECT
    cohort,
    arrayJoin(arrayPushFront(arrayFilter(week -> week < {weeks:UInt32}, weeks), -1)) AS week,
    count() AS persons,
    max(cohort + arrayMax(arrayPushBack(weeks, 0))) AS latest
FROM
(
    SELECT
        min(period) AS cohort,
        arrayMap(one -> one - cohort, groupUniqArrayIf(period, is_asked_for)) AS weeks
    FROM seen
    WHERE period <= {last:Int32}
    GROUP BY person
)
WHERE cohort >= {first:Int32}
GROUP BY cohort, week
ORDER BY cohort, week
