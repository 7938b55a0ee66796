using GrainVault.Api.Auth;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Auth;

/// <summary>Logins as responses see them that take long.</summary>
public sealed class LoginWatchTests
{
    private readonly ManualTime _time = new();
    private readonly RevokedLogins _revoked;
    private bool _isInLedger = true;
    private int _askedCount;

    public LoginWatchTests() => _revoked = new RevokedLogins(10, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), _time);

    [Fact]
    public async Task Login_is_alive_from_memory_until_it_was_ended()
    {
        Poll();
        var watch = Watch(TimeSpan.FromMinutes(15));
        Assert.True(await watch.IsAliveAsync(default));
        _revoked.Add("l-1", _time.GetUtcNow().AddMinutes(20));
        Assert.False(await watch.IsAliveAsync(default));
        Assert.Equal(0, _askedCount);
    }

    [Fact]
    public async Task Login_whose_token_is_over_and_one_of_which_memory_knows_nothing_is_asked_of_the_ledger()
    {
        Poll();
        var watch = Watch(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(await watch.IsAliveAsync(default));
        Assert.True(await watch.IsAliveAsync(default));
        Assert.Equal(1, _askedCount);
        _isInLedger = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await watch.IsAliveAsync(default));

        // Nothing was heard for too long.
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(await Watch(TimeSpan.FromMinutes(15)).IsAliveAsync(default));
        _isInLedger = true;
        Assert.True(await Watch(TimeSpan.FromMinutes(15)).IsAliveAsync(default));
    }

    private void Poll()
    {
        _revoked.Asking();
        _revoked.Confirm();
    }

    private LoginWatch Watch(TimeSpan tokenLife) => new(
        "l-1",
        _time.GetUtcNow() + tokenLife,
        _revoked,
        _ =>
        {
            _askedCount++;
            return Task.FromResult(_isInLedger);
        },
        _time);
}
