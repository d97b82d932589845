-- Every version of every row: of the IDs, of their person, and of persons merged into that one.
DELETE FROM LOCAL_IDENTITY WHERE project = {project:UInt32} AND own_id IN {own_ids:Array(UUID)}
