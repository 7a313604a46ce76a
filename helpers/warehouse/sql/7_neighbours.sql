-- Cosine of every pair of products with a common buyer, and each product's nearest ones.
-- Each pair is added up once. Compared as 32-bit numbers, so that what differs by the order of
-- adding only is a tie; ties go to the smaller product. The weight is what scores are made of.
WITH lengths AS (
    SELECT product_no, 1.0 / SQRT(SUM(weight)) AS inverse_length
    FROM histories
    GROUP BY product_no
),
together AS (
    SELECT one.product_no AS product_no, other.product_no AS other_no, SUM(one.weight) AS common
    FROM histories AS one
    JOIN histories AS other
        ON
            other.part = one.part
            AND other.customer_no = one.customer_no
            AND other.product_no > one.product_no
    GROUP BY one.product_no, other.product_no
),
cosines AS (
    SELECT
        together.product_no,
        together.other_no,
        CAST(common * (mine.inverse_length * theirs.inverse_length) AS REAL) AS similarity
    FROM together
    JOIN lengths AS mine ON mine.product_no = together.product_no
    JOIN lengths AS theirs ON theirs.product_no = together.other_no
),
mutual AS (
    SELECT product_no, other_no, similarity FROM cosines
    UNION ALL
    SELECT other_no AS product_no, product_no AS other_no, similarity FROM cosines
)
SELECT
    near.product_no,
    near.other_no,
    near.similarity,
    CAST(near.similarity AS DOUBLE) * trend.trend AS weight
FROM (
    SELECT
        product_no,
        other_no,
        similarity,
        ROW_NUMBER() OVER (
            PARTITION BY product_no ORDER BY similarity DESC, other_no
        ) AS "rank"
    FROM mutual
) AS near
JOIN trend ON trend.product_no = near.other_no
WHERE near."rank" <= $n_neighbors
