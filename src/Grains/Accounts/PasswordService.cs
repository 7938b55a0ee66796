using GrainVault.Diagnostics;
using GrainVault.Options;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace GrainVault.Accounts;

/// <summary>What a check of a password found.</summary>
/// <param name="IsRight">The password is the right one.</param>
/// <param name="NewHash">A hash by today's parameters, to be kept in place of the old one; null when that is good enough.</param>
internal sealed record PasswordCheck(bool IsRight, string? NewHash);

/// <summary>
/// Hashes passwords with ASP.NET Core Identity's hasher. A hash costs a processor tens of milliseconds, so hashes run on
/// the thread pool, never on a grain's scheduler, and only so many at once; a bounded number may wait a bounded time.
/// </summary>
internal sealed class PasswordService : IDisposable
{
    private static readonly object AnyUser = new();

    private readonly PasswordHasher<object> _hasher;
    private readonly SemaphoreSlim _running;
    private readonly TimeProvider _time;
    private readonly TimeSpan _waitMax;
    private readonly int _queueMax;
    private readonly int _runningMax;
    private readonly Lazy<string> _dummy;
    private int _waiting;

    public PasswordService(IOptions<LimitsOptions> limits, IOptions<AccountOptions> accounts, TimeProvider time)
    {
        _time = time;
        _waitMax = limits.Value.PasswordHashWait;
        _queueMax = limits.Value.PasswordHashQueueMax;
        _runningMax = limits.Value.PasswordHashCountMax is > 0 and var count ? count : Environment.ProcessorCount;
        _running = new SemaphoreSlim(_runningMax, _runningMax);
        _hasher = new PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions
        {
            IterationCount = accounts.Value.PasswordHashIterations,
        }));
        _dummy = new Lazy<string>(() => _hasher.HashPassword(AnyUser, Guid.NewGuid().ToString()));
    }

    /// <summary>The hash of a new password; null when too many wait already.</summary>
    public Task<string?> HashAsync(string password) => RunAsync(() => _hasher.HashPassword(AnyUser, password));

    /// <summary>
    /// Checks a password; null when too many wait already. Without a hash (no such user) the work is the same and the answer
    /// is no.
    /// </summary>
    public Task<PasswordCheck?> CheckAsync(string? hash, string password) => RunAsync(() =>
    {
        // Made by the first check of all, whoever that is for: it must not tell unknown users apart.
        var dummy = _dummy.Value;
        var result = _hasher.VerifyHashedPassword(AnyUser, hash ?? dummy, password);
        return new PasswordCheck(
            hash is not null && result != PasswordVerificationResult.Failed,
            hash is not null && result == PasswordVerificationResult.SuccessRehashNeeded ? _hasher.HashPassword(AnyUser, password) : null);
    });

    public void Dispose() => _running.Dispose();

    private async Task<T?> RunAsync<T>(Func<T> work)
        where T : class
    {
        if (!await TryEnterAsync())
            return null;
        try
        {
            return await Task.Run(work);
        }
        finally
        {
            _running.Release();
        }
    }

    private async Task<bool> TryEnterAsync()
    {
        // Those that are about to find a place count for a moment too.
        if (Interlocked.Increment(ref _waiting) > _queueMax + _runningMax)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }

        using var timeout = new CancellationTokenSource(_waitMax, _time);
        GrainsMeter.PasswordWaits();
        try
        {
            await _running.WaitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            GrainsMeter.PasswordWaited();
            Interlocked.Decrement(ref _waiting);
        }
    }
}
