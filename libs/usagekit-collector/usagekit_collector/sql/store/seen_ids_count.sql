-- How many distinct_ids that have a person were stored after a number.
SELECT count() FROM identity WHERE kind = 'distinct_id' AND version > {after:UInt64}
