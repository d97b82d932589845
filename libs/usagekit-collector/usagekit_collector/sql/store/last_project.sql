-- The greatest number that a project ever had, even if its tokens are lost.
SELECT greatest((SELECT max(project) FROM projects), (SELECT max(project) FROM events))
