"""Query harmful: the documents of a corpus that fit an item's query best, or controls."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from lm_eval_longsafety.build.items import KEYWORDS, Item, fill
from lm_eval_longsafety.build.pipelines.made import Made
from lm_eval_longsafety.build.plan import Plan
from lm_eval_longsafety.build.ranking import Ranking
from lm_eval_longsafety.build.recipe import SplitRecipe
from lm_eval_longsafety.build.sizes import joined
from lm_eval_longsafety.build.stock import Stock, Tools
from lm_eval_longsafety.data.progress import progress
from lm_eval_longsafety.errors import BuildError, need


def prepare(
    split: SplitRecipe, tools: Tools, items: Sequence[Item]
) -> Callable[[Plan, int | None], Made]:
    """A function that makes the context of a row: whole documents, the last one cut to the length.

    They come in the order of their rank (mode `bm25`), those without any keyword last in an order
    drawn for the row; or all in a drawn order (`random`). With `none` the context is empty.

    Raises:
        BuildError: the corpus cannot be read.
        OptionError: bm25s is not installed.
    """
    if split.mode == "none":
        return lambda plan, size: Made(context="")
    if split.corpus is None:
        raise ValueError("retrieve needs a corpus")
    stock = tools.stock(split.corpus)
    if split.mode == "bm25":
        rank = _ranker(stock, [query(item) for item in items])

    def make(plan: Plan, size: int | None) -> Made:
        if size is None:
            raise ValueError("retrieve needs a length")
        best = rank(plan) if split.mode == "bm25" else []
        others = _others(best, plan.order(len(stock.shelf), "corpus"))
        pieces, texts = stock.join(plan, chain(best, others), size)
        return Made(context=joined(pieces), texts=tuple(texts))

    return make


def query(item: Item) -> str:
    """What is looked for: the column `keywords`, else `query`, else the question."""
    text = item.query or item.question or ""
    return item.values.get(KEYWORDS) or fill(text, item.values, item.where)


def _others(best: Sequence[int], order: Iterator[int]) -> Iterator[int]:
    held = set(best)
    yield from (index for index in order if index not in held)


def _ranker(stock: Stock, queries: Sequence[str]) -> Callable[[Plan], list[int]]:
    """A function that gives the documents with a keyword of a row's item, best first."""
    need("build", ("bm25s",))
    shelf = stock.shelf
    bar = progress(f"indexing {shelf.recipe.name}", shelf, unit=" documents")
    ranking = Ranking((text.text for text in bar), queries)

    @lru_cache(maxsize=1)  # A row whose length is corrected is made again; a ranking can be large.
    def best(wanted: str, given: bool) -> list[int]:
        return ranking.best(ranking.known(wanted) if given else ranking.keywords(wanted))

    def rank(plan: Plan) -> list[int]:
        given = KEYWORDS in plan.item.values
        found = best(query(plan.item), given)
        if not found:
            raise BuildError(
                f"{plan.where}: no document of {shelf.recipe.name} holds a keyword of the query"
                f"{'' if given else ', apart from words that most documents hold'}; give the item "
                "a column keywords with words of the corpus"
            )
        return found

    return rank
