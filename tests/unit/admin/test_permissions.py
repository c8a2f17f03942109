from concierge_admin.permissions import GRANTS, Permission, allowed
from concierge_core.domain.people import Role


def test_each_role_may_do_what_the_one_below_it_may() -> None:
    assert GRANTS[Role.AGENT] < GRANTS[Role.MANAGER] < GRANTS[Role.ADMIN]


def test_an_administrator_may_do_everything() -> None:
    assert GRANTS[Role.ADMIN] == frozenset(Permission)


def test_an_agent_reads_the_knowledge_but_does_not_edit_it() -> None:
    assert allowed(Role.AGENT, Permission.KNOWLEDGE_READ)
    assert not allowed(Role.AGENT, Permission.KNOWLEDGE_EDIT)
    assert not allowed(Role.AGENT, Permission.FIGURES_READ)
