-- Of those who were first seen in a week, how many were there so many weeks later; -1 is all of
-- them. latest is the last week in which any of them was there, or before the first if none was.
SELECT
    cohort,
    arrayJoin(arrayPushFront(arrayFilter(week -> week < {weeks:UInt32}, weeks), -1)) AS week,
    count() AS persons,
    max(if(empty(weeks), {first:Int32} - 1, cohort + arrayMax(weeks))) AS latest
FROM
(
    SELECT
        min(period) AS cohort,
        groupUniqArrayIf(period, is_asked_for AND period <= {last:Int32}) AS periods,
        arrayMap(one -> one - cohort, periods) AS weeks
    FROM seen
    GROUP BY person
)
WHERE cohort BETWEEN {first:Int32} AND {last:Int32}
GROUP BY cohort, week
ORDER BY cohort, week
