using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;

namespace GrainVault.Runtime.Tests.State;

/// <summary>What reminders do, whatever table holds them.</summary>
public abstract class ReminderTests(TestSilo silo)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(150);

    [Fact]
    public async Task Reminder_ticks_again_and_again_until_it_is_removed()
    {
        var grain = silo.Grain<IReminderGrain>();
        var key = $"tick {grain.GetPrimaryKeyString()} r";
        await grain.Register("r", TimeSpan.Zero, Soon);
        await Phases.Until(() => silo.Phases.CountOf(key) >= 3, "three ticks");
        Assert.True(await grain.Unregister("r"));
        Assert.Empty(await grain.Names());
        Assert.False(await grain.Unregister("r"));
    }

    [Fact]
    public async Task Tick_says_when_it_was_due_and_how_often()
    {
        var grain = silo.Grain<IReminderGrain>();
        var before = DateTime.UtcNow;
        await grain.Register("r", TimeSpan.FromMilliseconds(50), TimeSpan.FromHours(1));
        await silo.Phases.WaitFor($"tick {grain.GetPrimaryKeyString()} r");
        var status = await grain.LastStatus();
        Assert.Equal(TimeSpan.FromHours(1), status.Period);
        Assert.InRange(status.FirstTickTime, before, DateTime.UtcNow);
        Assert.True(status.CurrentTickTime >= status.FirstTickTime);
    }

    [Fact]
    public async Task Registering_again_changes_the_reminder()
    {
        var grain = silo.Grain<IReminderGrain>();
        await grain.Register("r", TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        await grain.Register("r", TimeSpan.Zero, TimeSpan.FromHours(1));
        await silo.Phases.WaitFor($"tick {grain.GetPrimaryKeyString()} r");
        Assert.Equal(["r"], await grain.Names());
    }

    [Fact]
    public async Task Reminders_are_found_and_listed_by_name()
    {
        var grain = silo.Grain<IReminderGrain>();
        await grain.Register("b", TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        await grain.Register("a", TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        Assert.Equal(["a", "b"], await grain.Names());
        Assert.Equal("a", await grain.Find("a"));
        Assert.Null(await grain.Find("c"));
        Assert.Empty(await silo.Grain<IReminderGrain>().Names());
    }

    [Fact]
    public async Task Period_below_the_least_is_refused() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(() =>
            silo.Grain<IReminderGrain>().Register("r", TimeSpan.Zero, TimeSpan.FromMilliseconds(99)));

    [Fact]
    public async Task Times_out_of_range_are_refused()
    {
        var grain = silo.Grain<IReminderGrain>();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => grain.Register("r", TimeSpan.FromSeconds(-5), TimeSpan.FromHours(1)));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => grain.Register("r", TimeSpan.Zero, TimeSpan.FromSeconds(-5)));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => grain.Register("r", TimeSpan.Zero, TimeSpan.FromDays(60)));
    }

    [Fact]
    public async Task Grain_that_gets_no_reminders_can_not_register_one() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => silo.Grain<IUnremindableGrain>().Register());
}

public sealed class MemoryReminderTests(TestSilo silo) : ReminderTests(silo), IClassFixture<TestSilo>;

public sealed class PostgresReminderTests(PostgresSilo silo) : ReminderTests(silo), IClassFixture<PostgresSilo>;

public sealed class ReminderRestartTests
{
    [Fact]
    public async Task Reminder_survives_a_restart()
    {
        await using var database = await PostgresSilo.CreateDatabaseAsync();
        const string Key = "survivor";
        await using (var first = await StartAsync(database))
            await first.Grain<IReminderGrain>(Key).Register("r", TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500));
        await using var second = await StartAsync(database);
        await second.Phases.WaitFor($"tick {Key} r");
        Assert.Equal(["r"], await second.Grain<IReminderGrain>(Key).Names());
    }

    [Fact]
    public async Task Reminder_service_that_was_not_added_is_named_in_the_error()
    {
        await using var silo = await TestSilo.StartAsync(addStores: false);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() =>
            silo.Grain<IReminderGrain>().Register("r", TimeSpan.Zero, TimeSpan.FromHours(1)));
        Assert.Contains("reminder", failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static Task<TestSilo> StartAsync(PostgresDatabase database) =>
        TestSilo.StartAsync(silo => PostgresSilo.AddStores(silo, database.ForSchema("orleans")), addStores: false);
}
