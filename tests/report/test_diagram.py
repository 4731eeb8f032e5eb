from potstill.report.diagram import Node, draw, edges

NODES = [Node("prompts", "p", ()), Node("generate", "g", ("prompts",)), Node("train", "t", ("prompts", "generate", "elsewhere"))]


def test_edges_join_known_artifacts_the_shortest_first() -> None:
    assert edges(NODES) == [(0, 1), (1, 2), (0, 2)]


def test_neighbours_are_joined_straight_and_others_by_a_bow() -> None:
    made = draw(NODES, 400.0)
    drawn = "".join(made.parts)
    assert made.height == 3 * 46 + 4
    assert 'd="M36,20 C36,20 36,66 36,66"' in drawn
    assert 'd="M36,20 C8.5,20 8.5,112 36,112"' in drawn
    assert drawn.count("<circle") == 3


def test_one_artifact_alone_is_drawn() -> None:
    assert "prompts" in "".join(draw(NODES[:1], 300.0).parts)
