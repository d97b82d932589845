"""x"""
def cluster_ddl(cluster: str) -> str:
    return ""
