-- But not the mark, which is of all projects.
DELETE FROM LOCAL_IDENTITY WHERE project = {project:UInt32} AND kind != 'mark'
