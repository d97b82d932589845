DELETE FROM LOCAL_EVENTS WHERE project = {project:UInt32} AND own_id IN {own_ids:Array(UUID)}
