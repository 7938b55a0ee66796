using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.State;

[Alias("test.IReminderGrain")]
public interface IReminderGrain : IGrainWithStringKey
{
    [Alias("Register")]
    Task<string> Register(string name, TimeSpan dueTime, TimeSpan period);

    [Alias("Unregister")]
    Task<bool> Unregister(string name);

    [Alias("Names")]
    Task<List<string>> Names();

    [Alias("Find")]
    Task<string?> Find(string name);

    [Alias("LastStatus")]
    Task<TickStatus> LastStatus();
}

[GrainType("reminded")]
public sealed class ReminderGrain(Phases phases) : Grain, IReminderGrain, IRemindable
{
    private TickStatus _last;

    public async Task<string> Register(string name, TimeSpan dueTime, TimeSpan period) =>
        (await this.RegisterOrUpdateReminder(name, dueTime, period)).ReminderName;

    public async Task<bool> Unregister(string name)
    {
        if (await this.GetReminder(name) is not { } reminder)
            return false;
        await this.UnregisterReminder(reminder);
        return true;
    }

    public async Task<List<string>> Names() => [.. (await this.GetReminders()).Select(reminder => reminder.ReminderName).Order()];

    public async Task<string?> Find(string name) => (await this.GetReminder(name))?.ReminderName;

    public Task<TickStatus> LastStatus() => Task.FromResult(_last);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _last = status;
        phases.Reach($"tick {this.GetPrimaryKeyString()} {reminderName}");
        return Task.CompletedTask;
    }
}

[Alias("test.IUnremindableGrain")]
public interface IUnremindableGrain : IGrainWithStringKey
{
    [Alias("Register")]
    Task Register();
}

[GrainType("unremindable")]
public sealed class UnremindableGrain : Grain, IUnremindableGrain
{
    public Task Register() => this.RegisterOrUpdateReminder("r", TimeSpan.Zero, TimeSpan.FromHours(1));
}
