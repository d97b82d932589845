-- The number at which about this part of those were stored, which is put in: it cannot be bound.
SELECT toUInt64(quantile(PART)(version))
FROM identity
WHERE kind = 'distinct_id' AND version > {after:UInt64}
