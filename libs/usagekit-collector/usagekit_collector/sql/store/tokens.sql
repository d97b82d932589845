SELECT token, project, name, created_at FROM projects FINAL ORDER BY project, created_at, token
