-- Whether each part of a table is as it was written.
CHECK TABLE LOCAL_TABLE SETTINGS check_query_single_value_result = 0
