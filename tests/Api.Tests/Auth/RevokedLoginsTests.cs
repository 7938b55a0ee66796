using GrainVault.Api.Auth;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Auth;

public sealed class RevokedLoginsTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Set_is_not_relied_on_before_the_first_answer_and_when_answers_stay_away()
    {
        var revoked = Create(10);
        Assert.False(revoked.IsReliable);
        revoked.Asking();
        Assert.False(revoked.IsReliable);
        revoked.Confirm();
        Assert.True(revoked.IsReliable);
        for (var i = 0; i < 15; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(4));
            revoked.Asking();
        }

        Assert.True(revoked.IsReliable);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(revoked.IsReliable);
    }

    [Fact]
    public void Set_of_a_process_that_stood_still_is_not_relied_on_until_an_answer_to_a_later_question()
    {
        var revoked = Create(10);
        revoked.Asking();
        revoked.Confirm();
        revoked.Asking();
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(revoked.IsReliable);

        // The answer to what was asked before came, and was as old as the pause.
        revoked.Confirm();
        Assert.False(revoked.IsReliable);
        revoked.Asking();
        Assert.False(revoked.IsReliable);
        revoked.Confirm();
        Assert.True(revoked.IsReliable);
    }

    [Fact]
    public void Login_is_forgotten_when_no_token_of_it_can_be_alive()
    {
        var revoked = Create(10);
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
        var revoked = Create(2);
        for (var i = 0; i < 3; i++)
            revoked.Add($"l-{i}", _time.GetUtcNow().AddMinutes(1));
        revoked.Asking();
        revoked.Confirm();
        Assert.False(revoked.IsReliable);
        _time.Advance(TimeSpan.FromMinutes(1));
        revoked.Asking();
        revoked.Confirm();
        Assert.True(revoked.IsReliable);
    }

    private RevokedLogins Create(int countMax) => new(countMax, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), _time);
}
