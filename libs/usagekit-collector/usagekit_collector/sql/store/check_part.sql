-- Whether one part of a table is as it was written.
CHECK TABLE TABLE_NAME PART 'PART_NAME' SETTINGS check_query_single_value_result = 0
