"""What the writer remembers of who is who, and when it must not."""

from __future__ import annotations

from tests.support.collector import Project, event


def test_whoever_comes_back_after_a_deletion_is_somebody_whom_others_join(
    project: Project,
) -> None:
    project.capture(event("ada"))
    before = project.person("ada")
    assert before is not None
    path = f"/api/persons/ada?project={project.token}"
    assert project.collector.request("DELETE", path).status == 200
    # By M6: were ada nobody now, by M4 both would be bob's person.
    project.capture(event("ada"), event("bob", "$create_alias", alias="ada"))
    person = project.person("bob")
    assert person is not None
    assert person["person_id"] == before["person_id"]
    assert person["distinct_ids"] == ["ada", "bob"]
