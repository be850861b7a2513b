-- The steps of a ledger in PostgreSQL: each is one call of one function, and thereby one transaction.
-- An advisory lock lets the steps of a ledger follow each other: the counter of a whole account
-- would do so anyway, and so no two of them can wait for each other's rows. What a function reads is
-- as of each of its statements, not of its beginning, so it sees all that was done before its turn.
-- {schema} is the name of the ledger.
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.counters (
    counter text PRIMARY KEY, label text NOT NULL, thresholds bigint[] NOT NULL,
    spent bigint NOT NULL, held bigint NOT NULL, estimated bigint NOT NULL,
    level integer NOT NULL, keep_until bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS {schema}.reservations (
    id text PRIMARY KEY, state text NOT NULL, bound bigint NOT NULL, charged bigint NOT NULL,
    is_estimate boolean NOT NULL, at bigint NOT NULL, due bigint NOT NULL, parts jsonb NOT NULL);
-- A first form had no such column: what it reserved is given back when it expires.
ALTER TABLE {schema}.reservations
    ADD COLUMN IF NOT EXISTS charges boolean NOT NULL DEFAULT false;
CREATE TABLE IF NOT EXISTS {schema}.slots (
    counter text NOT NULL, slot bigint NOT NULL, amount bigint NOT NULL, leaves bigint NOT NULL,
    PRIMARY KEY (counter, slot));
CREATE INDEX IF NOT EXISTS reservations_due ON {schema}.reservations (due);
CREATE INDEX IF NOT EXISTS slots_leaves ON {schema}.slots (leaves);
CREATE INDEX IF NOT EXISTS counters_keep_until ON {schema}.counters (keep_until);

CREATE OR REPLACE FUNCTION {schema}.level_at_v2(spent bigint, thresholds bigint[]) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$
    SELECT count(*)::integer FROM unnest(thresholds) AS threshold WHERE spent >= threshold
$$;

CREATE OR REPLACE FUNCTION {schema}.row_v2(c {schema}.counters, passed integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_array(c.counter, c.label, c.spent, c.held, c.estimated, c.level, passed,
                             c.thresholds)
$$;

-- Waits for its turn, and returns the time.
CREATE OR REPLACE FUNCTION {schema}.begin_v2(step jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('gonogo ledger {schema}', 0));
    RETURN coalesce((step->>'at')::bigint,
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
END $$;

-- Adds an amount, which may be negative, to what was spent in the scopes of a reservation.
CREATE OR REPLACE FUNCTION {schema}.charge_v2(
    r {schema}.reservations, amount_ bigint, estimated_ bigint, now_ bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    part jsonb; slot_ bigint; leaves_ bigint; counts boolean;
BEGIN
    IF amount_ = 0 AND estimated_ = 0 THEN
        RETURN;
    END IF;
    FOR part IN SELECT jsonb_array_elements(r.parts) LOOP
        counts := true;
        IF (part->>1)::bigint > 0 THEN
            slot_ := r.at / (part->>1)::bigint;
            leaves_ := (slot_ + 1) * (part->>1)::bigint + (part->>2)::bigint;
            counts := leaves_ > now_;
            IF counts THEN
                INSERT INTO {schema}.slots AS s VALUES (part->>0, slot_, amount_, leaves_)
                ON CONFLICT (counter, slot) DO UPDATE SET amount = s.amount + excluded.amount;
            END IF;
        END IF;
        UPDATE {schema}.counters SET estimated = estimated + estimated_,
            spent = spent + CASE WHEN counts THEN amount_ ELSE 0 END
        WHERE counter = part->>0;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION {schema}.unhold_v2(r {schema}.reservations) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    part jsonb;
BEGIN
    FOR part IN SELECT jsonb_array_elements(r.parts) LOOP
        UPDATE {schema}.counters SET held = held - r.bound WHERE counter = part->>0;
    END LOOP;
END $$;

-- Does what is due, and returns how many reservations ended.
CREATE OR REPLACE FUNCTION {schema}.sweep_v2(now_ bigint, keep_ bigint) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    s {schema}.slots; r {schema}.reservations; ended integer := 0;
BEGIN
    FOR s IN SELECT * FROM {schema}.slots WHERE leaves <= now_ LOOP
        DELETE FROM {schema}.slots WHERE counter = s.counter AND slot = s.slot;
        UPDATE {schema}.counters SET spent = spent - s.amount,
            level = CASE WHEN spent - s.amount < thresholds[1] THEN 0 ELSE level END
        WHERE counter = s.counter;
    END LOOP;
    FOR r IN SELECT * FROM {schema}.reservations WHERE due <= now_ LOOP
        IF r.state <> 'open' THEN
            DELETE FROM {schema}.reservations WHERE id = r.id;
            CONTINUE;
        END IF;
        ended := ended + 1;
        PERFORM {schema}.unhold_v2(r);
        IF r.charges THEN
            PERFORM {schema}.charge_v2(r, r.bound, r.bound, now_);
            UPDATE {schema}.reservations SET state = 'settled', charged = bound,
                is_estimate = true, due = now_ + keep_ WHERE id = r.id;
        ELSE
            UPDATE {schema}.reservations SET state = 'expired', due = now_ + keep_
            WHERE id = r.id;
        END IF;
    END LOOP;
    DELETE FROM {schema}.counters WHERE keep_until <= now_;
    RETURN ended;
END $$;

CREATE OR REPLACE FUNCTION {schema}.reserve_v2(step jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    now_ bigint := {schema}.begin_v2(step);
    bound_ bigint := (step->>'bound')::bigint;
    hold_ bigint := (step->>'hold')::bigint;
    keep_ bigint := (step->>'keep')::bigint;
    r {schema}.reservations; c {schema}.counters; d jsonb; limits bigint[];
    counts jsonb := '[]'; parts_ jsonb := '[]';
    refused boolean := false; passed_ integer; reached integer; last_ bigint;
BEGIN
    PERFORM {schema}.sweep_v2(now_, keep_);
    FOR d IN SELECT jsonb_array_elements(step->'demands') LOOP
        IF now_ < (d->>'starts')::bigint OR now_ >= (d->>'ends')::bigint THEN
            RETURN jsonb_build_array('other_period', now_);
        END IF;
    END LOOP;
    SELECT * INTO r FROM {schema}.reservations WHERE id = step->>'id';
    IF FOUND AND r.state IN ('open', 'settled') THEN
        RETURN jsonb_build_array('repeated', now_, r.state, r.bound, r.charged);
    END IF;
    FOR d IN SELECT jsonb_array_elements(step->'demands') LOOP
        SELECT * INTO c FROM {schema}.counters WHERE counter = d->>'counter';
        IF NOT FOUND THEN
            c := ROW(d->>'counter', d->>'label',
                     ARRAY(SELECT jsonb_array_elements_text(d->'thresholds')::bigint),
                     0, 0, 0, 0, 0);
        END IF;
        refused := refused OR ((d->>'is_hard')::boolean
                               AND c.spent + c.held + bound_ > (d->>'amount')::bigint);
        counts := counts || jsonb_build_array({schema}.row_v2(c, c.level));
    END LOOP;
    IF refused THEN
        RETURN jsonb_build_array('refused', now_, NULL, 0, 0, false, counts);
    END IF;
    counts := '[]';
    FOR d IN SELECT jsonb_array_elements(step->'demands') LOOP
        limits := ARRAY(SELECT jsonb_array_elements_text(d->'thresholds')::bigint);
        SELECT * INTO c FROM {schema}.counters WHERE counter = d->>'counter';
        IF NOT FOUND THEN
            c := ROW(d->>'counter', d->>'label', limits, 0, 0, 0, 0, 0);
        END IF;
        reached := {schema}.level_at_v2(c.spent, limits);
        passed_ := c.level;
        IF c.thresholds <> limits THEN
            passed_ := least(passed_, reached);
        END IF;
        c.level := greatest(passed_, reached);
        c.held := c.held + bound_;
        IF NOT (d->>'is_hard')::boolean AND c.spent + c.held > (d->>'amount')::bigint THEN
            c.level := cardinality(limits);
        END IF;
        c.thresholds := limits;
        c.label := d->>'label';
        last_ := CASE WHEN (d->>'length')::bigint > 0 THEN now_ + (d->>'length')::bigint + hold_
                      ELSE (d->>'ends')::bigint END;
        c.keep_until := last_ + keep_;
        INSERT INTO {schema}.counters VALUES (c.*)
        ON CONFLICT (counter) DO UPDATE SET label = excluded.label,
            thresholds = excluded.thresholds, held = excluded.held, level = excluded.level,
            keep_until = excluded.keep_until;
        counts := counts || jsonb_build_array({schema}.row_v2(c, passed_));
        parts_ := parts_ || jsonb_build_array(
            jsonb_build_array(d->'counter', d->'slot', d->'length'));
    END LOOP;
    INSERT INTO {schema}.reservations
    VALUES (step->>'id', 'open', bound_, 0, false, now_, now_ + hold_, parts_,
            (step->>'charges')::boolean)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, bound = excluded.bound,
        charged = excluded.charged, is_estimate = excluded.is_estimate, at = excluded.at,
        due = excluded.due, parts = excluded.parts,
        charges = excluded.charges;
    RETURN jsonb_build_array('done', now_, 'open', bound_, 0, false, counts);
END $$;

CREATE OR REPLACE FUNCTION {schema}.settle_v2(step jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    now_ bigint := {schema}.begin_v2(step);
    cost_ bigint := (step->>'cost')::bigint;
    estimate_ boolean := (step->>'is_estimate')::boolean;
    r {schema}.reservations; c {schema}.counters; part jsonb;
    counts jsonb := '[]'; is_late boolean; passed_ integer; stands boolean;
BEGIN
    SELECT * INTO r FROM {schema}.reservations WHERE id = step->>'id';
    IF NOT FOUND THEN
        RETURN jsonb_build_array('unknown', now_);
    END IF;
    stands := CASE WHEN r.state = 'settled' THEN estimate_ OR NOT r.is_estimate
                   ELSE cost_ IS NULL AND r.state <> 'open' END;
    IF stands THEN
        RETURN jsonb_build_array('repeated', now_, r.state, r.bound, r.charged);
    END IF;
    is_late := r.state IN ('released', 'expired');
    IF r.state = 'open' THEN
        PERFORM {schema}.unhold_v2(r);
    END IF;
    PERFORM {schema}.charge_v2(
        r, coalesce(cost_, 0) - r.charged,
        CASE WHEN estimate_ THEN coalesce(cost_, 0) ELSE 0 END
        - CASE WHEN r.is_estimate THEN r.charged ELSE 0 END, now_);
    r.state := CASE WHEN cost_ IS NULL THEN 'released' ELSE 'settled' END;
    r.charged := coalesce(cost_, 0);
    r.is_estimate := estimate_;
    UPDATE {schema}.reservations SET state = r.state, charged = r.charged,
        is_estimate = r.is_estimate, due = now_ + (step->>'keep')::bigint WHERE id = r.id;
    FOR part IN SELECT jsonb_array_elements(r.parts) LOOP
        SELECT * INTO c FROM {schema}.counters WHERE counter = part->>0;
        CONTINUE WHEN NOT FOUND;
        passed_ := c.level;
        c.level := greatest(passed_, {schema}.level_at_v2(c.spent, c.thresholds));
        IF c.level > passed_ THEN
            UPDATE {schema}.counters SET level = c.level WHERE counter = c.counter;
        END IF;
        counts := counts || jsonb_build_array({schema}.row_v2(c, passed_));
    END LOOP;
    RETURN jsonb_build_array('done', now_, r.state, r.bound, r.charged, is_late, counts);
END $$;

CREATE OR REPLACE FUNCTION {schema}.expire_v2(step jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    now_ bigint := {schema}.begin_v2(step);
BEGIN
    RETURN jsonb_build_array('done', now_, NULL, 0, 0, false, '[]'::jsonb,
                             {schema}.sweep_v2(now_, (step->>'keep')::bigint));
END $$;

-- What counters say: those that are named, or all.
CREATE OR REPLACE FUNCTION {schema}.count_v2(step jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
        'done', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, NULL, 0, 0, false,
        coalesce(jsonb_agg({schema}.row_v2(c, c.level) ORDER BY c.counter), '[]'))
    FROM {schema}.counters AS c
    WHERE jsonb_typeof(step->'counters') = 'null' OR step->'counters' ? c.counter
$$;
