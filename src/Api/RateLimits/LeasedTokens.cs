using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>What <see cref="LeasedTokens.Take"/> found.</summary>
internal enum TakeOutcome
{
    /// <summary>The request is within the budget.</summary>
    Admitted,

    /// <summary>The owner said when there will be more; until then requests are refused.</summary>
    Refused,

    /// <summary>The owner has been asked, or is about to be; its answer decides.</summary>
    Waits,
}

/// <summary>
/// The tokens that this front end holds of one budget. It begins with a batch on credit, so that the first requests wait for
/// nobody; what is used is paid for at the budget's owner in batches, ahead of need. While the owner can't be asked, a share of
/// the budget grows here by itself.
/// </summary>
/// <param name="grainKey">Key of the owner.</param>
/// <param name="policy">The budget and its batches.</param>
/// <param name="now">The time now, as a timestamp of the policy's clock.</param>
internal sealed class LeasedTokens(string grainKey, LeasePolicy policy, long now)
{
    private readonly Lock _lock = new();
    private long _tokens = policy.BatchCount;
    private long _waiting;
    private bool _isAsking;
    private bool _isAlone;
    private double _grown;
    private long _grownAt;
    private long _askAgainAt = now;
    private double _ownerHas = policy.Budget.Count;
    private long _ownerHadAt = now;
    private long _usedAt = now;
    private TaskCompletionSource? _answer;

    /// <summary>Key of the owner.</summary>
    public string GrainKey => grainKey;

    /// <summary>When it was used last.</summary>
    public long UsedAt => Volatile.Read(ref _usedAt);

    /// <summary>True when forgetting it would give nobody more than he has.</summary>
    public bool IsAtRest
    {
        get
        {
            lock (_lock)
                return !_isAsking && _tokens * 2 > policy.BatchCount;
        }
    }

    /// <summary>Takes a token.</summary>
    /// <param name="now">The time now.</param>
    /// <param name="decision">The decision, unless the outcome is to wait.</param>
    /// <param name="ask">Tokens that the caller has to ask the owner for now, and report; 0 for none.</param>
    /// <param name="answer">What to wait for; null unless the outcome is to wait.</param>
    public TakeOutcome Take(long now, out RateDecision decision, out long ask, out Task? answer)
    {
        lock (_lock)
        {
            _usedAt = now;
            (ask, answer) = (0, null);
            if (_isAlone)
                GrowAlone(now);
            if (_tokens > 0)
            {
                _tokens--;
                decision = RateDecision.Admitted(RemainingAt(now));
                if (_tokens * 2 <= policy.BatchCount && MayAsk(now))
                    ask = Ask();
                return TakeOutcome.Admitted;
            }

            decision = RateDecision.Refused(policy.Time.GetElapsedTime(now, _askAgainAt));
            if (MayAsk(now))
            {
                _waiting++;
                ask = Ask();
            }
            else if (_isAsking && !_isAlone)
            {
                _waiting++;
            }
            else
            {
                return TakeOutcome.Refused;
            }

            // Alone, nobody waits for an owner that did not answer before.
            if (_isAlone)
            {
                decision = RateDecision.Refused(policy.Alone.TimeFor(1));
                return TakeOutcome.Refused;
            }

            answer = (_answer ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return TakeOutcome.Waits;
        }
    }

    /// <summary>The owner's answer.</summary>
    public void Granted(RateLease lease, long now)
    {
        lock (_lock)
        {
            _tokens += lease.Granted;
            (_ownerHas, _ownerHadAt) = (lease.Remaining, now);
            _askAgainAt = now + policy.Stamps(lease.RetryAfter);
            _isAlone = false;
            Answered();
        }
    }

    /// <summary>There was no answer; tokens that it may have carried are lost.</summary>
    public void NotGranted(long now)
    {
        lock (_lock)
        {
            if (!_isAlone)
                (_isAlone, _grown, _grownAt) = (true, 0, now);
            _askAgainAt = now + policy.Stamps(policy.AskAgainAlone);
            Answered();
        }
    }

    private bool MayAsk(long now) => !_isAsking && now >= _askAgainAt;

    private long Ask()
    {
        _isAsking = true;
        return policy.BatchCount - _tokens + _waiting;
    }

    private void Answered()
    {
        (_isAsking, _waiting) = (false, 0);
        _answer?.SetResult();
        _answer = null;
    }

    private void GrowAlone(long now)
    {
        _grown += policy.Alone.TokensIn(policy.Time.GetElapsedTime(_grownAt, now));
        _grownAt = now;
        var whole = (long)_grown;
        _grown -= whole;
        // At most what the share allows at once; credit that is still there stays.
        _tokens = Math.Max(_tokens, Math.Min(_tokens + whole, Math.Max(1, policy.Alone.Count)));
    }

    // What the owner has, less what is used here and not paid for yet.
    private long RemainingAt(long now)
    {
        var owner = Math.Min(policy.Budget.Count, _ownerHas + policy.Budget.TokensIn(policy.Time.GetElapsedTime(_ownerHadAt, now)));
        return Math.Max(0, (long)owner - (policy.BatchCount - _tokens));
    }
}
