"""The course's figures, by name: each is one call, and says in its title what it shows.

A file per lesson; ``general`` has figures for any table, ``style`` the look of all of them.
"""

from helpers.plots.better import (
    DECISIONS,
    chance_of_a_hit,
    clear_differences,
    four_boxes,
    gain_at_cuts,
    groups_of_customers,
    hit_rates,
    hits_on_lists,
    in_words,
    list_lengths,
    same_or_different,
    three_answers,
    time_split,
    two_judges,
    variety,
    who_is_judged,
)
from helpers.plots.cases import (
    at_a_glance,
    figure_beside,
    routine,
)
from helpers.plots.channels import (
    four_places,
    holes,
    inside_categories,
    instead_or_together,
    lift_melts,
    place_values,
    rows_that_changed,
    three_numbers,
    three_taps,
    tie_break,
)
from helpers.plots.decision import (
    for_whom,
    memo_answers,
    memo_rule,
    payback,
    three_gains,
    who_says_yes,
)
from helpers.plots.general import (
    bars,
    calibration,
    histogram,
    intervals,
    lines,
)
from helpers.plots.layering import (
    adding_up,
    before_and_after,
    four_kinds,
    holdout_sizes,
    honest_percentages,
    hope_beside_luck,
    hundred_offers,
    layers_beside,
    pairs_in_order,
    risk_and_gain,
    who_gets_one,
    with_and_without,
)
from helpers.plots.live_tests import (
    deals_of_a_few,
    lift_in_money,
    lifts_decided,
    no_taste_control,
    peeking_paths,
    people_and_visits,
    rounds_beside_holdout,
    rule_in_questions,
    split_beside_chance,
    weeks_needed,
    what_dealing_does,
)
from helpers.plots.loading import (
    funnel,
    lists_beside,
    months_moved,
    platform_bar,
    rule_in_words,
    six_rows,
    ten_views,
    the_rule,
    two_tables,
)
from helpers.plots.matrix import (
    bought_since,
    loud_rows,
    meanings,
    one_row,
    products_per_customer,
    purchases_into_matrix,
    two_shops,
    votes,
)
from helpers.plots.production import (
    checks_by_night,
    contract,
    hits_by_age,
    many_gauges,
    one_night,
    stop_or_publish,
    where_data_lie,
)
from helpers.plots.recommendations import (
    bought_again,
    score_drawing,
    score_parts,
    steps,
    unknown_id,
    what_followed,
    who_leads,
)
from helpers.plots.scale import (
    jobs_measured,
    join_by_hand,
    pairs_of_histories,
    programs_compared,
    what_a_cap_does,
    what_doubling_does,
    which_machine,
    who_makes_the_pairs,
    yearly_bills,
)
from helpers.plots.similarity import (
    arrows,
    buyers_needed,
    circles,
    pages_per_product,
    product_map,
    trail,
)
from helpers.plots.start import (
    hidden_weeks,
    leads,
    leads_by_luck,
    lists_by_dice,
    puzzle,
    tables_to_list,
    who_finds_something,
)
from helpers.plots.style import (
    show,
)
from helpers.plots.trust import (
    dice_on_four_customers,
    exposure_loop,
    false_alarms,
    four_outcomes,
    from_hit_to_sale,
    gain_against_line,
    gain_by_group,
    own_or_stranger,
    ruler,
    two_futures,
    whose_history,
)
