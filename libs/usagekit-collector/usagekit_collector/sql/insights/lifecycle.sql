-- How many were there in each period, beginning with the one before the first that is shown; of
-- these, how many had never been before, and how many were there in the period before too.
SELECT
    period,
    count() AS persons,
    countIf(period = first_period) AS new,
    countIf(gap = 1) AS returning
FROM
(
    SELECT
        min(period) AS first_period,
        arraySort(groupUniqArrayIf(
            period, is_asked_for AND period BETWEEN {first:Int32} - 1 AND {last:Int32}
        )) AS periods,
        arrayDifference(periods) AS gaps
    FROM seen
    GROUP BY person
)
ARRAY JOIN periods AS period, gaps AS gap
GROUP BY period
