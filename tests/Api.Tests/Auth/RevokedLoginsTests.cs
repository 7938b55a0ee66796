using GrainVault.Api.Auth;

namespace GrainVault.Api.Tests.Auth;

public sealed class RevokedLoginsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Set_is_not_relied_on_before_the_first_answer_and_when_answers_stay_away()
    {
        var revoked = new RevokedLogins(10, TimeSpan.FromSeconds(60), _time);
        Assert.False(revoked.IsReliable);
        revoked.Confirm();
        Assert.True(revoked.IsReliable);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(revoked.IsReliable);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(revoked.IsReliable);
    }

    [Fact]
    public void Login_is_forgotten_when_no_token_of_it_can_be_alive()
    {
        var revoked = new RevokedLogins(10, TimeSpan.FromSeconds(60), _time);
        revoked.Add("l-1", _time.GetUtcNow().AddMinutes(15));
        revoked.Confirm();
        Assert.True(revoked.Contains("l-1"));
        _time.Advance(TimeSpan.FromMinutes(15));
        revoked.Confirm();
        Assert.False(revoked.Contains("l-1"));
        Assert.Equal(0, revoked.Count);
    }

    [Fact]
    public void Full_set_is_not_relied_on_until_it_has_room()
    {
        var revoked = new RevokedLogins(2, TimeSpan.FromHours(1), _time);
        for (var i = 0; i < 3; i++)
            revoked.Add($"l-{i}", _time.GetUtcNow().AddMinutes(1));
        revoked.Confirm();
        Assert.False(revoked.IsReliable);
        _time.Advance(TimeSpan.FromMinutes(1));
        revoked.Confirm();
        Assert.True(revoked.IsReliable);
    }
}
