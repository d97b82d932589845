-- A NUL is how identity.py knows that there was an ID.
ALTER TABLE LOCAL_EVENTS UPDATE merged_id = char(0)
WHERE project = {project:UInt32} AND seq IN {seqs:Array(UInt64)}
SETTINGS mutations_sync = 1
