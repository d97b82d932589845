-- How many events a project has.
SELECT count() FROM events WHERE project = {project:UInt32}
