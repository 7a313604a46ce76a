-- One part of the customers: scores, the best n for sale and not bought yet, best sellers where
-- they are few; best sellers alone for those who want no personal list.
WITH own AS (
    SELECT customer_no, product_no FROM pairs WHERE part = $part
),
scores AS (
    SELECT own.customer_no, near.other_no AS product_no, SUM(near.weight) AS score
    FROM own
    JOIN neighbours AS near ON near.product_no = own.product_no
    GROUP BY own.customer_no, near.other_no
),
fresh AS (
    -- as 32-bit numbers: what differs by the order of adding only is a tie
    SELECT scores.customer_no, scores.product_no, scores.score, CAST(scores.score AS REAL) AS strength
    FROM scores
    JOIN products ON products.product_no = scores.product_no AND products.for_sale
    JOIN customers
        ON
            customers.part = $part
            AND customers.customer_no = scores.customer_no
            AND customers.personal
    LEFT JOIN own
        ON own.customer_no = scores.customer_no AND own.product_no = scores.product_no
    WHERE own.customer_no IS NULL
),
bars AS (
    -- what the n-th best of a customer has: far cheaper to find than to sort everything
    SELECT customer_no, MIN(strength) AS bar
    FROM (
        SELECT
            customer_no,
            strength,
            ROW_NUMBER() OVER (PARTITION BY customer_no ORDER BY strength DESC) AS "rank"
        FROM fresh
    ) AS loosely
    WHERE "rank" <= $n
    GROUP BY customer_no
),
listed AS (
    SELECT customer_no, product_no, score, "rank"
    FROM (
        SELECT
            fresh.customer_no,
            fresh.product_no,
            fresh.score,
            ROW_NUMBER() OVER (
                PARTITION BY fresh.customer_no ORDER BY fresh.strength DESC, fresh.product_no
            ) AS "rank"
        FROM fresh
        JOIN bars ON bars.customer_no = fresh.customer_no AND fresh.strength >= bars.bar
    ) AS ordered
    WHERE "rank" <= $n
),
sizes AS (
    SELECT bought.customer_no, bought.n_bought, COALESCE(found.n_listed, 0) AS n_listed
    FROM (SELECT customer_no, COUNT(*) AS n_bought FROM own GROUP BY customer_no) AS bought
    LEFT JOIN (
        SELECT customer_no, COUNT(*) AS n_listed FROM listed GROUP BY customer_no
    ) AS found ON found.customer_no = bought.customer_no
),
filled AS (
    SELECT customer_no, product_no, score, n_listed + "rank" AS "rank", n_listed
    FROM (
        SELECT
            sizes.customer_no,
            sizes.n_listed,
            trend.product_no,
            CAST(trend.popularity AS DOUBLE) AS score,
            ROW_NUMBER() OVER (
                PARTITION BY sizes.customer_no ORDER BY trend.popular_rank
            ) AS "rank"
        FROM sizes
        -- so many of the best sellers are enough, even if all bought or listed are among them
        JOIN trend ON trend.popular_rank <= $n + sizes.n_bought + sizes.n_listed
        LEFT JOIN own
            ON own.customer_no = sizes.customer_no AND own.product_no = trend.product_no
        LEFT JOIN listed
            ON listed.customer_no = sizes.customer_no AND listed.product_no = trend.product_no
        WHERE
            sizes.n_listed < $n
            AND trend.popularity > 0
            AND own.customer_no IS NULL
            AND listed.customer_no IS NULL
    ) AS candidates
    WHERE n_listed + "rank" <= $n
)
SELECT customers.customer_id, ranked."rank", products.product_id, ranked.score, ranked.source
FROM (
    SELECT customer_no, "rank", product_no, score, 'purchases' AS source FROM listed
    UNION ALL
    SELECT customer_no, "rank", product_no, score, 'popularity' AS source FROM filled
) AS ranked
JOIN products ON products.product_no = ranked.product_no
JOIN customers ON customers.customer_no = ranked.customer_no AND customers.part = $part
