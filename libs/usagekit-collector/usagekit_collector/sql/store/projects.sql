-- The numbers of the projects that have events.
SELECT DISTINCT project FROM events ORDER BY project
