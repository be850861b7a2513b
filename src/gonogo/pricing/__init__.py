"""What an exchange cost, in parts, and what a call can cost at most.

By genai-prices at the call's own date and size, or by configured prices.
"""

from gonogo.pricing.billed_usage import Caveat, TokenCounts
from gonogo.pricing.configured_prices import ConfiguredPrice, ModelPrices, Prices
from gonogo.pricing.cost_parts import CostParts
from gonogo.pricing.input_estimates import BYTES_PER_TOKEN, MOST_INPUT, input_tokens_at_most
from gonogo.pricing.model_lines import dearest_of_line, line_of
from gonogo.pricing.price_files import combine_prices, load_price_file
from gonogo.pricing.price_versions import price_version
from gonogo.pricing.priced_exchanges import (
    Charge,
    Priced,
    Pricer,
    Unpriced,
    cost_of,
    price_exchange,
)
from gonogo.pricing.rates import RateCard, Rates
from gonogo.pricing.upper_bounds import grows_its_input, upper_bound_of

__all__ = [
    "BYTES_PER_TOKEN",
    "MOST_INPUT",
    "Caveat",
    "Charge",
    "ConfiguredPrice",
    "CostParts",
    "ModelPrices",
    "Priced",
    "Pricer",
    "Prices",
    "RateCard",
    "Rates",
    "TokenCounts",
    "Unpriced",
    "combine_prices",
    "cost_of",
    "dearest_of_line",
    "grows_its_input",
    "input_tokens_at_most",
    "line_of",
    "load_price_file",
    "price_exchange",
    "price_version",
    "upper_bound_of",
]
